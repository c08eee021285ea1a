//! Attributes that were renamed: what carries an old name is found by the new one, and the other way round.

/// Old names and the new ones, sorted. No name is both, so that one step leads to all of them.
///
/// Left out are names of which the value changed its meaning: `enduser.id`, which stands beside `user.id`;
/// `rpc.service` and `code.namespace`, which became a part of another value; and `net.peer.*` on the side of the
/// server, where it means the client: one name must not find two things.
pub const ALIASES: [(&str, &str); 34] = [
    ("code.filepath", "code.file.path"),
    ("code.function", "code.function.name"),
    ("code.lineno", "code.line.number"),
    ("db.name", "db.namespace"),
    ("db.operation", "db.operation.name"),
    ("db.sql.table", "db.collection.name"),
    ("db.statement", "db.query.text"),
    ("db.system", "db.system.name"),
    ("deployment.environment", "deployment.environment.name"),
    ("enduser.role", "user.roles"),
    ("gen_ai.system", "gen_ai.provider.name"),
    ("gen_ai.usage.completion_tokens", "gen_ai.usage.output_tokens"),
    ("gen_ai.usage.prompt_tokens", "gen_ai.usage.input_tokens"),
    ("http.client_ip", "client.address"),
    ("http.method", "http.request.method"),
    ("http.scheme", "url.scheme"),
    ("http.status_code", "http.response.status_code"),
    ("http.target", "url.path"),
    ("http.target", "url.query"),
    ("http.url", "url.full"),
    ("http.user_agent", "user_agent.original"),
    ("messaging.client_id", "messaging.client.id"),
    ("messaging.kafka.consumer.group", "messaging.consumer.group.name"),
    ("messaging.operation", "messaging.operation.type"),
    ("net.peer.ip", "network.peer.address"),
    ("net.peer.name", "server.address"),
    ("net.peer.port", "server.port"),
    ("net.sock.peer.addr", "network.peer.address"),
    ("otel.library.name", "otel.scope.name"),
    ("otel.library.version", "otel.scope.version"),
    ("peer.service", "service.peer.name"),
    ("rpc.grpc.status_code", "rpc.response.status_code"),
    ("rpc.grpc.status_code", "rpc.status_code"),
    ("rpc.system", "rpc.system.name"),
];

/// All names of a key: first itself, then its new or its old ones.
pub fn names_of(key: &str) -> impl Iterator<Item = &str> {
    let others = ALIASES.iter().filter_map(move |&(old, new)| match key {
        _ if key == old => Some(new),
        _ if key == new => Some(old),
        _ => None,
    });
    std::iter::once(key).chain(others)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_has_no_chains() {
        assert!(ALIASES.is_sorted_by(|a, b| a < b));
        let is_old = |name| ALIASES.iter().any(|&(old, _)| old == name);
        let chains: Vec<_> = ALIASES.iter().filter(|&&(_, new)| is_old(new)).collect();
        assert!(chains.is_empty(), "{chains:?}");
    }

    #[test]
    fn names_lead_to_each_other() {
        for (old, new) in ALIASES {
            assert!(names_of(old).any(|name| name == new), "{old} finds {new}");
            assert!(names_of(new).any(|name| name == old), "{new} finds {old}");
        }
        let names: Vec<&str> = names_of("network.peer.address").collect();
        assert_eq!(names, ["network.peer.address", "net.peer.ip", "net.sock.peer.addr"]);
        assert_eq!(names_of("http.route").collect::<Vec<_>>(), ["http.route"]);
    }
}
