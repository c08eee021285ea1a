//! The bridges of containers on this machine, followed as they come and go.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use if_addrs::{IfAddr, Interface};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::receiver::accept;
use crate::shared::Shared;
use crate::{BridgePorts, Hint, Protocol, Sink};

/// An address of a bridge, with its subnet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Bridge {
    address: IpAddr,
    prefix_bits: u8,
}

impl Bridge {
    fn contains(&self, peer: IpAddr) -> bool {
        match (self.address, peer.to_canonical()) {
            (IpAddr::V4(own), IpAddr::V4(peer)) => {
                let mask = u32::MAX.checked_shl(32 - u32::from(self.prefix_bits.min(32))).unwrap_or(0);
                (own.to_bits() ^ peer.to_bits()) & mask == 0
            }
            (IpAddr::V6(own), IpAddr::V6(peer)) => {
                let mask = u128::MAX.checked_shl(128 - u32::from(self.prefix_bits.min(128))).unwrap_or(0);
                (own.to_bits() ^ peer.to_bits()) & mask == 0
            }
            _ => false,
        }
    }
}

/// The bridges that are there now.
#[derive(Debug, Default)]
pub(crate) struct Bridges(Mutex<Vec<Bridge>>);

impl Bridges {
    /// Whether the peer's address lies in the subnet of a bridge.
    pub(crate) fn contain(&self, peer: IpAddr) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().any(|bridge| bridge.contains(peer))
    }
}

/// Listens on the bridges until `stop`.
pub(crate) async fn follow<S: Sink>(shared: Arc<Shared<S>>, ports: BridgePorts, stop: CancellationToken) {
    let wanted: Vec<(Protocol, u16)> = [(Protocol::Grpc, ports.grpc), (Protocol::Http, ports.http)]
        .into_iter()
        .filter_map(|(protocol, port)| Some((protocol, port?)))
        .collect();
    let bridges = Arc::new(Bridges::default());
    // `None` for an address that could not be listened on, so that this is said once.
    let mut listening: HashMap<(Protocol, SocketAddr), Option<CancellationToken>> = HashMap::new();
    loop {
        let found = tokio::task::spawn_blocking(find).await.unwrap_or_default();
        bridges.0.lock().unwrap_or_else(PoisonError::into_inner).clone_from(&found);
        let addresses: Vec<(Protocol, SocketAddr)> = found
            .iter()
            .flat_map(|bridge| wanted.iter().map(|&(protocol, port)| (protocol, SocketAddr::new(bridge.address, port))))
            .collect();
        listening.retain(|at, stop| {
            let stays = addresses.contains(at);
            if let (false, Some(stop)) = (stays, stop) {
                stop.cancel();
            }
            stays
        });
        for at in addresses {
            if listening.get(&at).is_some_and(Option::is_some) {
                continue;
            }
            match TcpListener::bind(at.1).await {
                Ok(listener) => {
                    let stop = stop.child_token();
                    let peers = Some(Arc::clone(&bridges));
                    shared.tasks.spawn(accept(Arc::clone(&shared), at.0, listener, peers, stop.clone()));
                    listening.insert(at, Some(stop));
                }
                Err(err) if !listening.contains_key(&at) => {
                    shared.sink.hint(Hint {
                        name: "bridge",
                        sentence: format!("cannot listen for containers on {}: {err}", at.1),
                        remedy: "free the port, or choose another".to_owned(),
                    });
                    listening.insert(at, None);
                }
                Err(_) => {}
            }
        }
        tokio::select! {
            () = tokio::time::sleep(shared.limits.bridge_interval) => {}
            () = stop.cancelled() => return,
        }
    }
}

fn find() -> Vec<Bridge> {
    let interfaces = if_addrs::get_if_addrs().unwrap_or_default();
    interfaces.iter().filter(|interface| is_bridge(interface)).map(bridge).collect()
}

fn bridge(interface: &Interface) -> Bridge {
    match &interface.addr {
        IfAddr::V4(v4) => Bridge { address: IpAddr::V4(v4.ip), prefix_bits: v4.prefixlen },
        IfAddr::V6(v6) => Bridge { address: IpAddr::V6(v6.ip), prefix_bits: v6.prefixlen },
    }
}

/// Whether an interface is a bridge of containers: by its name (Docker, Podman, CNI), and without
/// hardware among its ports, which would make its subnet that of the neighbours. Link-local
/// addresses are left out: containers do not use them for the host.
fn is_bridge(interface: &Interface) -> bool {
    is_bridge_name(&interface.name) && !interface.is_link_local() && !has_hardware_port(&interface.name)
}

fn is_bridge_name(name: &str) -> bool {
    name == "docker0" || ["br-", "podman", "cni"].iter().any(|start| name.starts_with(start))
}

fn has_hardware_port(name: &str) -> bool {
    let ports = Path::new("/sys/class/net").join(name).join("brif");
    let Ok(ports) = std::fs::read_dir(ports) else { return false };
    ports.flatten().any(|port| Path::new("/sys/class/net").join(port.file_name()).join("device").exists())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_is_let_in_only_from_the_subnet_of_a_bridge() {
        let v4 = Bridge { address: "172.17.0.1".parse().unwrap(), prefix_bits: 16 };
        let v6 = Bridge { address: "fd00:dead::1".parse().unwrap(), prefix_bits: 64 };
        let bridges = Bridges(Mutex::new(vec![v4, v6]));
        for inside in ["172.17.0.2", "172.17.255.255", "::ffff:172.17.3.4", "fd00:dead::2"] {
            assert!(bridges.contain(inside.parse().unwrap()), "{inside}");
        }
        for outside in ["172.18.0.2", "192.168.1.5", "127.0.0.1", "fd00:dead:0:1::2", "::1"] {
            assert!(!bridges.contain(outside.parse().unwrap()), "{outside}");
        }
    }

    #[test]
    fn bridges_of_containers_have_known_names() {
        for name in ["docker0", "br-0123456789ab", "podman0", "podman1", "cni0", "cni-podman0"] {
            assert!(is_bridge_name(name), "{name}");
        }
        for name in ["eth0", "br0", "virbr0", "docker_gwbridge", "lo", "wlan0"] {
            assert!(!is_bridge_name(name), "{name}");
        }
    }
}
