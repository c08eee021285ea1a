//! Who has a port.

use std::net::SocketAddr;

/// The process that listens on `address`, as `name (pid N)`, where that can be known: on Linux,
/// from the tables in `/proc`, for processes that may be looked at (one's own, or as root all).
#[must_use]
pub fn port_owner(address: SocketAddr) -> Option<String> {
    #[cfg(target_os = "linux")]
    return linux::port_owner(address);
    #[cfg(not(target_os = "linux"))]
    {
        let _ = address;
        None
    }
}

#[cfg(target_os = "linux")]
mod linux {
    use std::fs;
    use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
    use std::path::Path;

    pub(super) fn port_owner(address: SocketAddr) -> Option<String> {
        let inodes: Vec<String> = ["/proc/net/tcp", "/proc/net/tcp6"]
            .iter()
            .filter_map(|table| fs::read_to_string(table).ok())
            .flat_map(|table| listening_inodes(&table, address))
            .map(|inode| format!("socket:[{inode}]"))
            .collect();
        if inodes.is_empty() {
            return None;
        }
        let processes = fs::read_dir("/proc").ok()?.flatten();
        processes.filter(|process| process.file_name().to_string_lossy().parse::<u32>().is_ok()).find_map(|process| {
            let path = process.path();
            holds(&path, &inodes).then(|| {
                let name = fs::read_to_string(path.join("comm")).unwrap_or_default();
                format!("{} (pid {})", name.trim(), process.file_name().to_string_lossy())
            })
        })
    }

    fn holds(process: &Path, inodes: &[String]) -> bool {
        let Ok(files) = fs::read_dir(process.join("fd")) else { return false };
        files
            .flatten()
            .filter_map(|file| fs::read_link(file.path()).ok())
            .any(|target| inodes.iter().any(|inode| target.as_os_str() == inode.as_str()))
    }

    /// Inodes of the sockets in a table of proc_net(5) that listen on `address`, or on all
    /// addresses with its port.
    fn listening_inodes(table: &str, address: SocketAddr) -> Vec<u64> {
        const LISTEN: &str = "0A";
        table
            .lines()
            .skip(1)
            .filter_map(|line| {
                let fields: Vec<&str> = line.split_whitespace().collect();
                let (&local, &state, inode) = (fields.get(1)?, fields.get(3)?, fields.get(9)?);
                let local = socket_address(local)?;
                let same = local.ip() == address.ip() || local.ip().is_unspecified();
                (state == LISTEN && same && local.port() == address.port()).then(|| inode.parse().ok())?
            })
            .collect()
    }

    /// `0100007F:10DD`: the address in words of the machine's byte order, the port in hex.
    fn socket_address(text: &str) -> Option<SocketAddr> {
        let (host, port) = text.split_once(':')?;
        let words: Option<Vec<[u8; 4]>> = (0..host.len() / 8)
            .map(|word| {
                let digits = host.get(word * 8..word * 8 + 8)?;
                Some(u32::from_str_radix(digits, 16).ok()?.to_ne_bytes())
            })
            .collect();
        let bytes: Vec<u8> = words?.concat();
        let ip = match <[u8; 4]>::try_from(bytes.as_slice()) {
            Ok(v4) => IpAddr::V4(Ipv4Addr::from(v4)),
            Err(_) => IpAddr::V6(Ipv6Addr::from(<[u8; 16]>::try_from(bytes.as_slice()).ok()?)),
        };
        Some(SocketAddr::new(ip, u16::from_str_radix(port, 16).ok()?))
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn a_listener_is_found_with_its_process() {
            let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
            let owner = port_owner(listener.local_addr().unwrap()).unwrap();
            assert!(owner.ends_with(&format!("(pid {})", std::process::id())), "{owner}");
        }
    }
}
