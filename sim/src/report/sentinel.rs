//! The meaning of Sentinels' messages.

use crate::{engine::HostId, simulator, world::HostKind};

/// The hosts of a world, in the order of declaration.
pub(super) type Hosts = [(String, HostKind)];

/// The meaning of a message, for a story; `None` for minor messages.
pub(super) fn meaning(says: &str, hosts: &Hosts) -> Option<String> {
    let mut words = says.split_whitespace();
    let word = words.next()?;
    let kind = words.next().unwrap_or("");
    let rest: Vec<&str> = words.collect();
    // `+sdown master seats 10.0.0.4 6379`, `+sdown slave 10.0.0.5:6379 10.0.0.5 6379 @ seats …`
    let host = rest.get(1).map_or("?", |address| host_name(address, hosts));
    let whom = match kind {
        "master" => format!("the master {host}"),
        "slave" => format!("the replica {host}"),
        "sentinel" => host.to_owned(),
        other => other.to_owned(),
    };
    let meaning = match word {
        "+sdown" => format!("no longer hears from {whom}"),
        "-sdown" => format!("hears from {whom} again"),
        "+odown" => format!("a quorum agrees that {whom} is down"),
        "-odown" => format!("no quorum any more that {whom} is down"),
        "+try-failover" => "wants to lead a failover".into(),
        "+elected-leader" => "is elected to lead the failover".into(),
        "+selected-slave" => format!("chooses {whom} to promote"),
        "+promoted-slave" => format!("sees that {whom} has become master"),
        "+failover-end" => "ends the failover".into(),
        "-failover-abort-no-good-slave" => "finds no replica fit to be promoted".into(),
        "-failover-abort-not-elected" => "was not elected".into(),
        "+convert-to-slave" => format!("tells {whom} to be a replica again"),
        "+tilt" => "distrusts its own clock and stands aside".into(),
        "-tilt" => "trusts its clock again".into(),
        _ => return None,
    };
    Some(format!("{meaning} ({word})"))
}

/// The new master in a message such as `+switch-master seats 10.0.0.1 6379 10.0.0.2 6379`.
pub(super) fn new_master<'a>(says: &'a str, hosts: &'a Hosts) -> Option<&'a str> {
    let mut words = says.split_whitespace();
    if words.next() != Some("+switch-master") {
        return None;
    }
    Some(
        words
            .nth(3)
            .map_or("somebody else", |address| host_name(address, hosts)),
    )
}

/// The host that has an address. Sentinels know only addresses.
fn host_name<'a>(address: &'a str, hosts: &'a Hosts) -> &'a str {
    let host = address.parse().ok().and_then(simulator::host_of);
    let host = host.and_then(|HostId(number)| hosts.get(number));
    host.map_or(address, |(name, _)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_hosts_on_both_engines() {
        let hosts = [
            ("redis-1".to_owned(), HostKind::Redis),
            ("redis-2".to_owned(), HostKind::Redis),
        ];
        for (says, expected) in [
            (
                "+odown master seats 10.0.0.2 6379 #quorum 2/2",
                "a quorum agrees that the master redis-2 is down (+odown)",
            ),
            (
                "+sdown slave 192.168.0.1:6379 192.168.0.1 6379 @ seats 192.168.0.2 6379",
                "no longer hears from the replica redis-1 (+sdown)",
            ),
            (
                "-sdown master seats 10.0.0.9 6379",
                "hears from the master 10.0.0.9 again (-sdown)",
            ),
        ] {
            assert_eq!(meaning(says, &hosts).as_deref(), Some(expected), "{says}");
        }
        assert_eq!(meaning("+new-epoch 1", &hosts), None);
        let switch = "+switch-master seats 10.0.0.1 6379 10.0.0.2 6379";
        assert_eq!(new_master(switch, &hosts), Some("redis-2"));
        assert_eq!(new_master("+odown master seats 10.0.0.1 6379", &hosts), None);
    }
}
