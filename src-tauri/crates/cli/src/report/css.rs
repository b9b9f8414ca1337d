//! How the HTML page looks: light and dark by what the reader's system says, light on paper.
//! The colours are the charts' own.

use weir_engine::api::Theme;
use weir_engine::charts::{Palette, hex};

/// The page's only style sheet.
pub fn sheet() -> String {
    let colours = |theme| {
        let p = Palette::of(theme);
        format!(
            "--ground:{};--ink:{};--ink-2:{};--line:{};--accent:{}",
            hex(p.ground),
            hex(p.ink),
            hex(p.ink_2),
            hex(p.line),
            hex(p.accent)
        )
    };
    // The dark ground stands last: it takes back what holds on paper and on a light one.
    format!(
        ":root{{color-scheme:light dark;{}}}\n{REST}\
         @media screen and (prefers-color-scheme:dark){{:root{{{}}}.light{{display:none}}.dark{{display:block}}}}\n",
        colours(Theme::Light),
        colours(Theme::Dark),
    )
}

const REST: &str = "\
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);font:13px/20px system-ui,sans-serif;font-variant-numeric:tabular-nums}
main{max-width:848px;margin:0 auto;padding:32px 24px 48px}
h1,h2,p,dl,dd,figure{margin:0}
h1{font-size:28px;line-height:36px;font-weight:500}
h2{font-size:13px;font-weight:600}
.quiet,dt,.beside,caption+thead th{color:var(--ink-2)}
.small,dt,.beside,details{font-size:12px;line-height:16px}
.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(160px,1fr));gap:16px 24px;margin:24px 0;padding:16px 0;border:solid var(--line);border-width:1px 0}
.figures dd:first-of-type{font-size:20px;line-height:28px;font-weight:500}
.both{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(388px,100%),1fr));gap:24px;align-items:start}
.both>*{min-width:0}
figure{margin-bottom:24px;break-inside:avoid}
figcaption{margin-bottom:8px}
figure svg{display:block;max-width:100%;height:auto}
figure p{margin-top:4px}
.dark{display:none}
summary{color:var(--accent);cursor:pointer;margin-top:4px}
summary:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
.wide{overflow-x:auto}
table{width:100%;border-collapse:collapse}
section table{margin-bottom:24px;break-inside:auto}
caption{text-align:left;font-weight:600;padding:8px 0 4px}
th,td{padding:3px 12px 3px 0;border-bottom:1px solid var(--line);text-align:left;font-weight:400;vertical-align:top}
td:not(.n){overflow-wrap:anywhere}
th:last-child,td:last-child{padding-right:0}
thead th{color:var(--ink-2);font-size:12px}
td:first-child{min-width:96px}
.n{text-align:right;white-space:nowrap}
@media (max-width:640px){.n{white-space:normal}th,td{padding-right:8px}}
tr{break-inside:avoid}
footer{margin-top:24px;color:var(--ink-2);font-size:12px}
@page{margin:14mm}
@media print{body{background:none}main{max-width:none;padding:0}details:not([open]){display:none}.wide{overflow:visible}
.figures{grid-template-columns:repeat(4,1fr);gap:16px}.both{grid-template-columns:1fr 1fr;gap:0 24px}
figure,section table{break-inside:avoid}}
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn on_a_dark_ground_the_dark_drawings_are_shown_and_on_paper_the_light_ones() {
        let sheet = sheet();
        let place = |text: &str| sheet.rfind(text).expect(text);
        // Of rules that weigh the same the last one holds.
        assert!(place("\n.dark{display:none}") < place(".dark{display:block}"));
        assert!(place("figure svg{display:block") < place(".light{display:none}"));
        let dark = place("@media screen and (prefers-color-scheme:dark)");
        assert!(dark < place(".dark{display:block}"), "on a screen alone");
        assert_eq!(sheet.matches('{').count(), sheet.matches('}').count());
    }
}
