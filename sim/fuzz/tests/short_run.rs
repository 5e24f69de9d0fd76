//! A short run of the models' fuzz targets: the corpus in `fuzz/corpus`, and mutations of it. `fuzz/README.md` says how to
//! run them for longer, guided by coverage.

use model_fuzz::TARGETS;
use sim::testbed::fuzz::short_run;
use std::path::Path;

macro_rules! targets {
    ($($name:ident)*) => {
        $(
            #[test]
            fn $name() {
                let corpus = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/corpus");
                short_run(TARGETS, stringify!($name), Path::new(corpus));
            }
        )*

        #[test]
        fn every_target_is_run_here_and_by_cargo_fuzz() {
            let named = [$(stringify!($name)),*];
            assert_eq!(named.to_vec(), TARGETS.iter().map(|target| target.name).collect::<Vec<_>>());
            let manifest = include_str!("../../../fuzz/Cargo.toml");
            for name in named {
                assert!(manifest.contains(&format!("name = \"{name}\"")), "fuzz/Cargo.toml lacks {name}");
            }
        }
    };
}

targets!(redis_request redis_reply redis_node redis_link sentinel);
