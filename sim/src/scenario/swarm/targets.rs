//! The processes, links and disks of a world that can break.

use crate::{
    scenario::Dice,
    service::Service,
    world::{HostKind, World},
};
use std::collections::BTreeMap;

/// Kinds of hosts whose processes and clocks break, each as often as it is listed. A Redis node breaks most often,
/// because a failover has the most consequences. Balancers and peers are not listed: without them no operation can
/// succeed, which shows nothing.
const PROCESSES: [HostKind; 9] = [
    HostKind::Redis,
    HostKind::Redis,
    HostKind::Redis,
    HostKind::Redis,
    HostKind::Sentinel,
    HostKind::Sentinel,
    HostKind::Sentinel,
    HostKind::Service,
    HostKind::Service,
];

/// The percentage of faults of a Redis node that affect the first one, which is the master when the run begins.
const FIRST_REDIS_PERCENT: u64 = 75;

/// The possible targets of faults. The probability of a kind does not depend on its number of hosts: five Sentinels
/// together break as often as three.
pub(super) struct Targets {
    hosts: BTreeMap<HostKind, Vec<String>>,
    links: Vec<Vec<(String, String)>>,
}

impl Targets {
    pub(super) fn of<S: Service>(world: &World<S>) -> Targets {
        let mut hosts: BTreeMap<HostKind, Vec<String>> = BTreeMap::new();
        for host in world.hosts().filter(|host| PROCESSES.contains(&host.kind())) {
            hosts.entry(host.kind()).or_default().push(host.name().to_owned());
        }
        let mut links: BTreeMap<[HostKind; 2], Vec<(String, String)>> = BTreeMap::new();
        for (a, b) in world.links() {
            if let (Some(kind), Some(other)) = (world.kind(a), world.kind(b)) {
                let kinds = [kind.min(other), kind.max(other)];
                links.entry(kinds).or_default().push((a.clone(), b.clone()));
            }
        }
        // The links of the service are drawn twice as often as those between other hosts.
        let weighted = links.into_iter().flat_map(|(kinds, links)| {
            let times = if kinds.contains(&HostKind::Service) { 2 } else { 1 };
            vec![links; times]
        });
        Targets {
            links: weighted.collect(),
            hosts,
        }
    }

    /// Whether processes can break.
    pub(super) fn has_processes(&self) -> bool {
        !self.hosts.is_empty()
    }

    /// Whether two processes can break at once.
    pub(super) fn has_machines(&self) -> bool {
        self.hosts.values().map(Vec::len).sum::<usize>() > 1
    }

    /// Whether links can break.
    pub(super) fn has_links(&self) -> bool {
        !self.links.is_empty()
    }

    /// Whether there are disks with a database.
    pub(super) fn has_disks(&self) -> bool {
        self.hosts.contains_key(&HostKind::Service)
    }

    /// A host whose process can break.
    pub(super) fn process(&self, dice: &mut Dice) -> String {
        let kinds: Vec<HostKind> = PROCESSES
            .into_iter()
            .filter(|kind| self.hosts.contains_key(kind))
            .collect();
        let kind = dice.pick(&kinds);
        self.host_of(kind, dice)
    }

    fn host_of(&self, kind: HostKind, dice: &mut Dice) -> String {
        let hosts = &self.hosts[&kind];
        match kind {
            HostKind::Redis if dice.chance(FIRST_REDIS_PERCENT) => hosts[0].clone(),
            _ => dice.pick(hosts),
        }
    }

    /// Two hosts that share a machine: a host of the service and a Redis node if there are both, otherwise any two.
    pub(super) fn machine(&self, dice: &mut Dice) -> [String; 2] {
        let all: Vec<&String> = self.hosts.values().flatten().collect();
        let first = match self.has_disks() {
            true => self.host_of(HostKind::Service, dice),
            false => self.process(dice),
        };
        let second = match self.hosts.contains_key(&HostKind::Redis) {
            true if self.has_disks() => self.host_of(HostKind::Redis, dice),
            _ => {
                let others: Vec<&String> = all.into_iter().filter(|other| **other != first).collect();
                dice.pick(&others).clone()
            }
        };
        [first, second]
    }

    /// The two ends of a link.
    pub(super) fn link(&self, dice: &mut Dice) -> (String, String) {
        let links = &self.links[dice.between(0, self.links.len() as u64 - 1) as usize];
        dice.pick(links)
    }

    /// A host with a disk, or all of them.
    pub(super) fn disks(&self, dice: &mut Dice) -> Vec<String> {
        let hosts = &self.hosts[&HostKind::Service];
        match dice.chance(30) {
            true => hosts.clone(),
            false => vec![dice.pick(hosts)],
        }
    }
}
