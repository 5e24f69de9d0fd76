//! Random triggers.

use super::Dice;
use crate::{
    calls::{CallFault, Moment},
    service::{Op, Service},
    trigger::{Trigger, event_names},
    world::World,
};

/// The percentage of triggers that wait for a usual event, if there are rare ones as well.
const USUAL_PERCENT: u64 = 75;

/// A trigger that injects a fault of a call at the very call: injected before, it would wait for one, and nobody could say what it
/// excuses.
pub(crate) fn at_its_call(fault: &CallFault, dice: &mut Dice) -> Trigger {
    Trigger {
        event: Moment::Before.event(&fault.host, &fault.call),
        nth: dice.between(1, 5) as u32,
        offset_ms: 0,
    }
}

/// Draws a trigger. Early occurrences of an event are more likely than later ones, and short delays more likely than
/// long ones. The event is one of [`Service::USUAL_TRIGGERS`] and [`Service::RARE_TRIGGERS`] that this world has. If
/// the service names none, the beginnings of operations are usual, and all events are rare. `None` if the world has no
/// events.
pub fn draw_trigger<S: Service>(dice: &mut Dice, world: &World<S>) -> Option<Trigger> {
    let names = event_names(world);
    let event = match S::USUAL_TRIGGERS.is_empty() && S::RARE_TRIGGERS.is_empty() {
        true => {
            let begins: Vec<String> = S::Op::KINDS.iter().map(|kind| format!("{kind} begins")).collect();
            let usual: Vec<&str> = begins.iter().map(String::as_str).collect();
            let rare: Vec<&str> = names.iter().map(String::as_str).collect();
            draw_event(dice, &usual, &rare, &names)?
        }
        false => draw_event(dice, S::USUAL_TRIGGERS, S::RARE_TRIGGERS, &names)?,
    };
    Some(Trigger {
        event,
        nth: dice.pick(&[1, 1, 1, 2, 3, 6]),
        offset_ms: dice.pick(&[0, 0, 1, 2, 4, 10, 40, 200, 1000]),
    })
}

fn draw_event(dice: &mut Dice, usual: &[&str], rare: &[&str], names: &[String]) -> Option<String> {
    let known = |list: &[&str]| -> Vec<String> {
        let list = list.iter().map(|name| (*name).to_owned());
        list.filter(|name| names.contains(name)).collect()
    };
    let (usual, rare) = (known(usual), known(rare));
    let from = match (usual.is_empty(), rare.is_empty()) {
        (false, true) => usual,
        (true, false) => rare,
        (false, false) if dice.chance(USUAL_PERCENT) => usual,
        (false, false) => rare,
        (true, true) => names.to_vec(),
    };
    (!from.is_empty()).then(|| dice.pick(&from))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Shop, ShopWorld};
    use std::collections::BTreeSet;

    #[test]
    fn usual_events_are_drawn_most_often_and_unknown_ones_never() {
        let names = ["a", "b", "c"].map(str::to_owned);
        let mut dice = Dice::of(1, "events");
        let drawn: Vec<String> = (0..400)
            .map(|_| draw_event(&mut dice, &["a", "gone"], &["b"], &names).expect("there are some"))
            .collect();
        let usual = drawn.iter().filter(|name| *name == "a").count();
        assert!((250..350).contains(&usual), "{usual} of 400");
        assert!(drawn.iter().all(|name| name == "a" || name == "b"));
        let rest = draw_event(&mut dice, &["gone"], &[], &names[2..]);
        assert_eq!(rest.as_deref(), Some("c"), "if no list helps, everything");
        assert_eq!(draw_event(&mut dice, &["gone"], &[], &[]), None);
    }

    #[test]
    fn without_lists_operations_that_begin_are_drawn_most_often_and_nothing_never() {
        let world = Shop::world(&ShopWorld::default());
        let mut dice = Dice::of(1, "triggers");
        let drawn: Vec<String> = (0..20_000)
            .map(|_| draw_trigger::<Shop>(&mut dice, &world).expect("there are some").event)
            .collect();
        let begins = drawn.iter().filter(|event| event.ends_with(" begins")).count();
        assert!((15_000..17_000).contains(&begins), "{begins} of 20,000");
        let drawn: BTreeSet<String> = drawn.into_iter().collect();
        assert_eq!(drawn, event_names(&world).into_iter().collect());
    }
}
