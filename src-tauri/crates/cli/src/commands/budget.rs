//! `weir budget`, `weir cost alert`, `weir import`, `weir reconcile`: limits, and what others keep
//! of the same spend.

use super::{failed, moment};
use crate::args::{Budget, BudgetLift, BudgetSet, CostAlert, Import, Reconcile, scope};
use crate::out::{Done, Out, Stop};
use crate::views;
use weir_engine::api::{BudgetOrder, Desk, Scope};
use weir_engine::connect::Surroundings;
use weir_engine::history::{Source, own_folder};

/// `weir budget`
pub fn budget(desk: &dyn Desk, args: Budget) -> Done {
    match args {
        Budget::List(json) => {
            let all = desk.budgets()?;
            let (now, zone) = moment();
            let out = Out::stdout(json.json);
            if out.is_json() {
                return out.json(&all.budgets);
            }
            out.answer(&all, |paint| views::budget::list(&all, now, &zone, paint))
        }
        Budget::Set(args) => set(desk, args),
        Budget::Rm { name, json } => done(desk, &BudgetOrder::Remove { name }, json.json),
        Budget::Lift(args) => lift(desk, args),
    }
}

fn set(desk: &dyn Desk, args: BudgetSet) -> Done {
    let scope = scope(&args.scope).map_err(Stop::Usage)?;
    let order = BudgetOrder::Set {
        name: args.name,
        period: args.period.map(|p| p.as_str().to_owned()),
        limit_usd: args.limit,
        limit_tokens: args.tokens,
        scope: Some(scope).filter(|s| *s != Scope::default()).map(Box::new),
        thresholds: Some(args.thresholds).filter(|t| !t.is_empty()),
        at_limit: args.at_limit.map(|a| a.as_str().to_owned()),
    };
    done(desk, &order, args.json.json)
}

fn lift(desk: &dyn Desk, args: BudgetLift) -> Done {
    let BudgetLift { name, for_s, by, by_tokens, local, end, json } = args;
    let order = if end {
        BudgetOrder::End { name }
    } else if local {
        BudgetOrder::Local { name, for_s }
    } else {
        BudgetOrder::Lift { name, for_s, by_usd: by, by_tokens }
    };
    done(desk, &order, json.json)
}

fn done(desk: &dyn Desk, order: &BudgetOrder, json: bool) -> Done {
    let done = desk.budget(order)?;
    Out::stdout(json).answer(&done, |_| format!("{}\n", done.message))
}

/// `weir cost alert`: a budget that only tells, named after what it counts.
pub fn alert(desk: &dyn Desk, args: CostAlert) -> Done {
    let counted = scope(&args.scope).map_err(Stop::Usage)?;
    let plain = |c: char| if c.is_ascii_alphanumeric() || c == '.' { c } else { '-' };
    let each = args.scope.iter().map(|pair| format!("-{pair}"));
    let tail: String = each.collect::<String>().chars().map(plain).collect();
    let name = format!("alert-{}{tail}", args.period.as_str());
    let all = desk.budgets()?.budgets;
    let before = all.iter().find(|budget| budget.standing.name == name);
    let before = before.and_then(|budget| budget.written.limit_usd);
    let order = BudgetOrder::Set {
        name,
        period: Some(args.period.as_str().to_owned()),
        limit_usd: Some(args.threshold),
        limit_tokens: None,
        scope: Some(counted).filter(|s| *s != Scope::default()).map(Box::new),
        thresholds: None,
        at_limit: Some("notify".into()),
    };
    let done = desk.budget(&order)?;
    Out::stdout(args.json.json).answer(&done, |_| views::budget::alert(&done, before))
}

/// `weir import`
pub fn import(desk: &dyn Desk, args: Import) -> Done {
    let folder = match args.folder {
        Some(folder) => folder,
        None => Source::parse(args.tool.as_str())
            .and_then(|source| own_folder(source, &Surroundings::of_process()?))
            .ok_or_else(|| failed("where this user's home is cannot be told. Use --folder DIR"))?,
    };
    let done = desk.import(args.tool.as_str(), &folder, args.paid_by_plan)?;
    let (place, plan) = (folder.display().to_string(), args.paid_by_plan);
    Out::stdout(args.json.json).answer(&done, |_| views::budget::imported(&done, &place, plan))
}

/// `weir reconcile`
pub fn reconcile(desk: &dyn Desk, args: &Reconcile) -> Done {
    let found = desk.reconcile(&args.provider, args.month.as_deref())?;
    let (_, zone) = moment();
    Out::stdout(args.json.json)
        .answer(&found, |paint| views::reconcile::reconciled(&found, &zone, paint))
}
