using System.Net;
using System.Text;

namespace Llama4.LoadTest.Report;

/// <summary>A page of HTML that needs nothing else: no script, no request, light and dark as the reader's system has it.</summary>
internal sealed class Page(string title)
{
    private const string Style = """
        :root { color-scheme: light dark; --back: #fff; --text: #1c1f24; --dim: #5b6470; --rule: #e2e5ea; --good: #1a7f37; --bad: #c62828;
          --c1: #1f6feb; --c2: #d1670a; --c3: #1a8a4a; --c4: #8b3fc7; --c5: #c62828; }
        @media (prefers-color-scheme: dark) { :root { --back: #14171c; --text: #e4e7eb; --dim: #9aa4b0; --rule: #2c323b; --good: #4cc26b; --bad: #ff7b72;
          --c1: #6cb0ff; --c2: #f5a25a; --c3: #5fd38d; --c4: #c79bff; --c5: #ff7b72; } }
        body { background: var(--back); color: var(--text); font: 15px/1.5 system-ui, sans-serif; max-width: 1340px; margin: 2rem auto; padding: 0 1rem; }
        h1 { font-size: 1.5rem; margin-bottom: 0; } h2 { font-size: 1.15rem; margin: 2rem 0 .5rem; } p { margin: .25rem 0; color: var(--dim); }
        .plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 480px), 1fr)); gap: 1rem 2rem; }
        figure { margin: 0; } figcaption { font-size: .9rem; } svg { width: 100%; height: auto; display: block; }
        svg text { fill: var(--dim); font: 11px system-ui, sans-serif; } .axes path { stroke: var(--rule); fill: none; }
        .line { fill: none; stroke: currentColor; stroke-width: 1.6; stroke-linejoin: round; stroke-linecap: round; } .line.dashed { stroke-dasharray: 5 4; stroke-linecap: butt; }
        .dot { stroke: currentColor; stroke-width: 3.5; stroke-linecap: round; }
        .mark path { stroke: var(--bad); stroke-dasharray: 2 3; } .mark text { fill: var(--bad); }
        .c1 { color: var(--c1); } .c2 { color: var(--c2); } .c3 { color: var(--c3); } .c4 { color: var(--c4); } .c5 { color: var(--c5); }
        .key { margin-left: .8em; white-space: nowrap; } .key::before { content: ""; display: inline-block; width: 1.4em; margin-right: .4em; border-top: 2px solid; vertical-align: middle; } .key.dashed::before { border-top-style: dashed; }
        .wide { overflow-x: auto; } table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .9rem; } th, td { padding: .2rem .8rem .2rem 0; border-bottom: 1px solid var(--rule); text-align: right; white-space: nowrap; }
        th { font-weight: 600; color: var(--dim); } th:first-child, td:first-child, .text { text-align: left; } td.text { white-space: normal; min-width: 16rem; overflow-wrap: anywhere; }
        .good { color: var(--good); } .bad { color: var(--bad); font-weight: 600; } pre { overflow-x: auto; font-size: .8rem; border: 1px solid var(--rule); padding: .8rem; }
        """;

    private readonly StringBuilder _body = new();

    public Page Lead(string text) => Add($"<p>{Text(text)}</p>\n");

    public Page Section(string title) => Add($"<h2>{Text(title)}</h2>\n");

    public Page Plots(params IEnumerable<Plot?> plots) => Add($"<div class=\"plots\">{string.Concat(plots.Select(plot => plot?.ToHtml()))}</div>\n");

    public Page Code(string text) => Add($"<pre>{Text(text)}</pre>\n");

    /// <param name="heads">Those that begin with = stand above text.</param>
    /// <param name="rows">Cells that begin with ! are bad, with + good, with = text that may break into lines.</param>
    public Page Table(IReadOnlyList<string> heads, IEnumerable<IReadOnlyList<string>> rows) => Add(
        $"<div class=\"wide\"><table><thead><tr>{string.Concat(heads.Select(Head))}</tr></thead><tbody>"
        + string.Concat(rows.Select(row => $"<tr>{string.Concat(row.Select(Cell))}</tr>\n"))
        + "</tbody></table></div>\n");

    public override string ToString() =>
        $"<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{Text(title)}</title>\n<style>\n{Style}\n</style>\n</head>\n<body>\n<h1>{Text(title)}</h1>\n{_body}</body>\n</html>\n";

    private static string Head(string head) => head.StartsWith('=') ? $"<th scope=\"col\" class=\"text\">{Text(head[1..])}</th>" : $"<th scope=\"col\">{Text(head)}</th>";

    private static string Cell(string cell) => cell.Length > 1 && cell[0] is '!' or '+' or '='
        ? $"<td class=\"{(cell[0] == '!' ? "bad" : cell[0] == '+' ? "good" : "text")}\">{Text(cell[1..])}</td>"
        : $"<td>{Text(cell)}</td>";

    private static string Text(string text) => WebUtility.HtmlEncode(text);

    private Page Add(string html)
    {
        _body.Append(html);
        return this;
    }
}
