"""The styles of e-mails: mail readers drop style sheets, so each stands on its element.

Contrasts are those of the site's tokens (text on page 16.9, quiet text 6.6, links 7.2, marks above 7). Pure white and
black are left out: some readers turn the colours of a message round by themselves.
"""

from collections.abc import Mapping

SANS = "font-family:-apple-system,'Segoe UI',Roboto,'Liberation Sans',Arial,sans-serif"
SERIF = "font-family:Georgia,'Liberation Serif','DejaVu Serif',serif"
TEXT, QUIET, PAGE, RULE, LINK = "#1a1d21", "#565d66", "#fdfdfd", "#d5d9de", "#0b57a4"
STYLES: Mapping[str, str] = {
    "body": f"margin:0;padding:0;background-color:{PAGE};color:{TEXT};{SANS};font-size:16px;line-height:1.5",
    "hidden": "display:none;max-height:0;overflow:hidden",
    "frame": "width:100%;table-layout:fixed;border-collapse:collapse",
    "cell": "padding:16px",
    "column": "max-width:600px;margin:0 auto;overflow-wrap:break-word",
    "h1": f"margin:8px 0;font-size:24px;line-height:1.25;color:{TEXT}",
    "h2": f"margin:32px 0 8px;font-size:19px;line-height:1.3;color:{TEXT};border-bottom:2px solid {TEXT}",
    "h3": f"margin:16px 0 4px;font-size:17px;line-height:1.3;color:{TEXT}",
    "h4": f"margin:14px 0 2px;font-size:16px;line-height:1.35;color:{TEXT}",
    "p": "margin:6px 0",
    "lead": "margin:6px 0;font-size:18px",
    "ul": "margin:6px 0;padding-left:22px",
    "quiet": f"margin:6px 0;font-size:14px;color:{QUIET};font-weight:400",
    "warn": "margin:6px 0;padding:2px 8px;border-left:4px solid #7a3300;color:#7a3300;font-size:14px",
    "entry": f"margin:12px 0;padding:2px 0 12px;border-bottom:1px solid {RULE}",
    "a": f"color:{LINK};text-decoration:underline",
    "button": f"display:inline-block;padding:12px 20px;background-color:{LINK};color:#fdfdfd;border-radius:4px;"
    "font-weight:700;text-decoration:none",
    "law": f"margin:6px 0;{SERIF};font-size:16px",
    "del": "text-decoration:line-through;background-color:#fdebdc;color:#7a3300",
    "ins": "text-decoration:underline;text-decoration-style:double;background-color:#e1eefc;color:#0a3d78;"
    "font-weight:700",
    "table": "width:100%;table-layout:fixed;border-collapse:collapse;margin:8px 0;font-size:15px",
    "caption": f"text-align:left;font-size:14px;color:{QUIET};padding:4px 0",
    "th": f"text-align:left;padding:6px;border-bottom:2px solid {RULE};font-weight:700",
    "td": f"text-align:left;vertical-align:top;padding:6px;border-bottom:1px solid {RULE};font-weight:400",
}
# Where a reader's theme is dark and its mail reader says so; elsewhere the light one stands, or is turned round.
# Paper is light whatever the theme.
DARK = """
@media screen and (prefers-color-scheme: dark) {
.b { background-color: #12161b !important; color: #e8eaed !important; }
.h { color: #e8eaed !important; border-color: #8b95a1 !important; }
.q { color: #a9b1bb !important; }
.a { color: #8ab8f5 !important; }
.a[style*="background-color"] { color: #12161b !important; background-color: #8ab8f5 !important; }
.w { color: #f8c79b !important; border-color: #f8c79b !important; }
.del { background-color: #43260e !important; color: #f8c79b !important; }
.ins { background-color: #12324f !important; color: #b7d6fb !important; }
.e, .t th, .t td { border-color: #343c46 !important; }
}
@media print {
.h, .t thead { break-after: avoid; }
.law, .q, .t tr { break-inside: avoid; }
.ins, .del { background-color: transparent !important; }
}
"""
