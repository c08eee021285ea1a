//! What protects the HTTP port from web pages: `Host` against DNS rebinding, `Origin` against
//! pages that were not approved.

use std::net::{Ipv4Addr, Ipv6Addr};

use http::header::{HOST, ORIGIN};
use http::{HeaderMap, HeaderValue, Uri};

use crate::WebAccess;
use crate::refused::{Reason, Refused};

/// Ends of names that no public site can hold (RFC 6761, 6762, 8375; `.internal` by ICANN).
const LOCAL_SUFFIXES: [&str; 5] = [".localhost", ".internal", ".local", ".test", ".home.arpa"];

/// Checks the name by which this server was called: in `Host`, and in the request line or
/// `:authority` where it stands there too.
pub(crate) fn check_host(uri: &Uri, headers: &HeaderMap, access: &WebAccess) -> Result<(), Refused> {
    let bad = |message: &str| Refused::new(Reason::BadRequest, message);
    let mut hosts = headers.get_all(HOST).iter();
    let header = hosts.next();
    if hosts.next().is_some() {
        return Err(bad("more than one Host header"));
    }
    let header = header.map(|host| host.to_str().map_err(|_| bad("the Host header is not text"))).transpose()?;
    let authority = uri.authority().map(http::uri::Authority::as_str);
    if header.is_none() && authority.is_none() {
        return Err(bad("no Host header"));
    }
    for host in [header, authority].into_iter().flatten() {
        let name = host_name(host).ok_or_else(|| bad("the Host header is not a name with a port"))?;
        if !is_local(&name, access) {
            return Err(Refused::new(
                Reason::ForbiddenHost,
                format!(
                    "requests to the host name `{name}` are not accepted; add it to the allowed host names in Settings"
                ),
            ));
        }
    }
    Ok(())
}

/// The name in `host[:port]`, in lower case, an IPv6 address with its brackets; `None` if it is not one.
fn host_name(host: &str) -> Option<String> {
    let (name, port) = match host.strip_prefix('[') {
        Some(rest) => {
            let end = rest.find(']')?;
            rest.get(..end)?.parse::<Ipv6Addr>().ok()?;
            (host.get(..end + 2)?, rest.get(end + 1..)?)
        }
        None => host.find(':').map_or((host, ""), |colon| host.split_at(colon)),
    };
    let digits = match port.strip_prefix(':') {
        Some(digits) => digits,
        None if port.is_empty() => "",
        None => return None,
    };
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    let named = name.starts_with('[') || (!name.is_empty() && name.chars().all(is_name));
    (named && digits.bytes().all(|byte| byte.is_ascii_digit())).then(|| name.to_ascii_lowercase())
}

/// Whether no public site can be called so, or the user has allowed it.
fn is_local(name: &str, access: &WebAccess) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name);
    name.starts_with('[')
        || name.parse::<Ipv4Addr>().is_ok()
        || (!name.is_empty() && !name.contains('.'))
        || LOCAL_SUFFIXES.iter().any(|suffix| name.ends_with(suffix))
        || access.hosts.iter().any(|host| host.eq_ignore_ascii_case(name))
}

/// The origin that a browser names, if it may send; `None` for a client that is no browser.
pub(crate) fn check_origin(headers: &HeaderMap, access: &WebAccess) -> Result<Option<HeaderValue>, Refused> {
    let mut origins = headers.get_all(ORIGIN).iter();
    let Some(origin) = origins.next() else { return Ok(None) };
    let text = origin.to_str().unwrap_or("?");
    if origins.next().is_none() && is_approved(text, access) {
        return Ok(Some(origin.clone()));
    }
    Err(Refused::new(
        Reason::ForbiddenOrigin,
        format!("pages of `{text}` may not send; add the origin to the approved ones in Settings"),
    ))
}

fn is_approved(origin: &str, access: &WebAccess) -> bool {
    let Some((scheme, rest)) = origin.split_once("://") else { return false };
    if access.local_pages && matches!(scheme, "http" | "https") {
        let name = host_name(rest);
        if matches!(name.as_deref(), Some("localhost" | "127.0.0.1" | "[::1]")) {
            return true;
        }
    }
    access.origins.iter().any(|approved| approved.trim_end_matches('/').eq_ignore_ascii_case(origin))
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    #[test]
    fn hosts_that_no_public_site_can_hold_are_accepted() {
        let access = WebAccess { hosts: vec!["otel.example.com".to_owned()], ..WebAccess::default() };
        let seen: String = [
            "localhost",
            "localhost:4318",
            "LOCALHOST:9",
            "localhost.",
            "127.0.0.1:4318",
            "[::1]:4318",
            "192.168.1.7",
            "otel-collector:4318",
            "host.docker.internal:4318",
            "a.localhost",
            "box.local",
            "x.test",
            "pi.home.arpa",
            "otel.example.com",
            "evil.com",
            "evil.com:4318",
            "evil.com.",
            "localhost.evil.com",
            "127.0.0.1.evil.com",
            "user@localhost",
            "localhost:4318:1",
            "localhost:x",
            "",
            ".",
            "[::1",
            "[::1]x",
            "local host",
        ]
        .iter()
        .map(|host| {
            let verdict = host_name(host).map_or("no name", |name| if is_local(&name, &access) { "yes" } else { "no" });
            format!("{host}: {verdict}\n")
        })
        .collect();
        expect![[r#"
            localhost: yes
            localhost:4318: yes
            LOCALHOST:9: yes
            localhost.: yes
            127.0.0.1:4318: yes
            [::1]:4318: yes
            192.168.1.7: yes
            otel-collector:4318: yes
            host.docker.internal:4318: yes
            a.localhost: yes
            box.local: yes
            x.test: yes
            pi.home.arpa: yes
            otel.example.com: yes
            evil.com: no
            evil.com:4318: no
            evil.com.: no
            localhost.evil.com: no
            127.0.0.1.evil.com: no
            user@localhost: no name
            localhost:4318:1: no name
            localhost:x: no name
            : no name
            .: no
            [::1: no name
            [::1]x: no name
            local host: no name
        "#]]
        .assert_eq(&seen);
    }

    #[test]
    fn only_approved_origins_may_send() {
        let access = WebAccess { origins: vec!["https://app.example.com/".to_owned()], ..WebAccess::default() };
        let revoked = WebAccess { local_pages: false, ..WebAccess::default() };
        let seen: String = [
            "http://localhost:3000",
            "https://127.0.0.1",
            "http://[::1]:5173",
            "https://app.example.com",
            "null",
            "https://evil.com",
            "http://localhost.evil.com",
            "http://localhost@evil.com",
            "http://app.example.com",
            "file://localhost",
            "",
            "localhost:3000",
        ]
        .iter()
        .map(|origin| format!("{origin}: {} {}\n", is_approved(origin, &access), is_approved(origin, &revoked)))
        .collect();
        expect![[r#"
            http://localhost:3000: true false
            https://127.0.0.1: true false
            http://[::1]:5173: true false
            https://app.example.com: true false
            null: false false
            https://evil.com: false false
            http://localhost.evil.com: false false
            http://localhost@evil.com: false false
            http://app.example.com: false false
            file://localhost: false false
            : false false
            localhost:3000: false false
        "#]]
        .assert_eq(&seen);
    }
}
