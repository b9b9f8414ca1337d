//! The TypeScript of the API, generated into `ui/src/api/index.ts` and guarded by a test.
//! To write it anew: `WEIR_WRITE=1 cargo test -p weir-engine typescript`.

#[cfg(test)]
mod tests {
    use crate::api::*;
    use std::collections::BTreeMap;
    use std::path::Path;
    use ts_rs::{Config, TS, TypeVisitor};

    struct Gathered<'a> {
        config: &'a Config,
        types: BTreeMap<String, String>,
    }

    impl TypeVisitor for Gathered<'_> {
        fn visit<T: TS + 'static + ?Sized>(&mut self) {
            if T::output_path().is_none() {
                return;
            }
            let name = T::ident(self.config);
            if self.types.contains_key(&name) {
                return;
            }
            let docs = T::docs().unwrap_or_default();
            let text = format!("{docs}export {}\n", T::decl(self.config));
            self.types.insert(name, text);
            T::visit_dependencies(self);
        }
    }

    fn generated() -> String {
        let config = Config::new().with_large_int("number");
        let mut all = Gathered { config: &config, types: BTreeMap::new() };
        all.visit::<ApiProblem>();
        all.visit::<Status>();
        all.visit::<Doctor>();
        all.visit::<CostSummary>();
        all.visit::<CostBreakdown>();
        all.visit::<Comparison>();
        all.visit::<LogQuery>();
        all.visit::<Explain>();
        all.visit::<ModelRow>();
        all.visit::<RouteTest>();
        all.visit::<PriceShow>();
        all.visit::<PriceCost>();
        all.visit::<PriceUpdate>();
        all.visit::<KeyRow>();
        all.visit::<KeyTest>();
        all.visit::<ClientAdded>();
        all.visit::<ClientRow>();
        all.visit::<ConfigShown>();
        all.visit::<ConfigReport>();
        all.visit::<TunnelStarted>();
        all.visit::<TunnelTest>();
        all.visit::<LiveEvent>();
        all.visit::<LocalStatus>();
        all.visit::<LocalOrder>();
        all.visit::<LocalDone>();
        all.visit::<ToolRow>();
        all.visit::<ToolReport>();
        all.visit::<Budgets>();
        all.visit::<BudgetOrder>();
        all.visit::<BudgetDone>();
        all.visit::<Profiles>();
        all.visit::<RoutingText>();
        all.visit::<ConfigEdit>();
        all.visit::<ConfigChange>();
        all.visit::<HistoryFound>();
        all.visit::<ImportDone>();
        all.visit::<Reconciled>();
        all.visit::<ChartQuery>();
        all.visit::<Chart>();
        all.visit::<Report>();
        all.visit::<WindowView>();
        let head = "// Generated from the engine's API. Do not edit; to write it anew:\n\
                    //   WEIR_WRITE=1 cargo test -p weir-engine typescript\n";
        let body: Vec<String> = all.types.into_values().collect();
        format!("{head}\n{}", body.join("\n"))
    }

    #[test]
    fn the_typescript_of_the_window_is_fresh() {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../ui/src/api/index.ts");
        if std::env::var_os("WEIR_WRITE").is_some() {
            std::fs::create_dir_all(file.parent().expect("a folder")).expect("made");
            std::fs::write(&file, generated()).expect("written");
        }
        let committed = std::fs::read_to_string(&file).expect("ui/src/api/index.ts");
        assert!(
            committed.replace("\r\n", "\n") == generated(),
            "ui/src/api/index.ts is stale. Run: WEIR_WRITE=1 cargo test -p weir-engine typescript"
        );
    }
}
