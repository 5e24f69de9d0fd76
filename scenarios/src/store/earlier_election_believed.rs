//! A replica that starts believes the first Sentinel that answers, although another one knows of a newer election (inventory 37,
//! 39).
//!
//! As long as the old master is not demoted, everything works there. Then all that it was told is lost.

use super::first_sentinel_believed::believing_the_first;
use crate::vocabulary::PlantedBug;

pub(crate) const PLANTED: PlantedBug = PlantedBug {
    name: "earlier_election_believed",
    title: "a replica that starts believes the first Sentinel, although another one knows of a newer election",
    covers: &[37, 39],
    scenario: "sentinels_divided",
    detected_by: "NewestMasterAsked",
    bug: believing_the_first,
};
