using System.Globalization;
using System.Net;
using System.Text;

namespace Llama4.LoadTest.Report;

/// <summary>One line of a plot.</summary>
/// <param name="Color">1 to 5, of the page's palette.</param>
/// <param name="Points">Left to right; null breaks the line.</param>
internal sealed record PlotLine(string Name, int Color, IReadOnlyList<(double X, double Y)?> Points, bool IsDashed = false);

/// <summary>A vertical line where something happened.</summary>
internal sealed record PlotMark(double X, string Text);

/// <summary>A plot as SVG, with its legend as HTML above. Colours are the page's.</summary>
internal sealed record Plot(string Title, Axis X, Axis Y, IReadOnlyList<PlotLine> Lines, IReadOnlyList<PlotMark> Marks)
{
    private const int Width = 640, Height = 260, Left = 64, Right = 26, Top = 12, Bottom = 40;

    public string ToHtml()
    {
        var html = new StringBuilder();
        html.Append(CultureInfo.InvariantCulture, $"<figure><figcaption><b>{Text(Title)}</b>");
        foreach (var line in Lines)
        {
            html.Append(CultureInfo.InvariantCulture, $" <span class=\"key c{line.Color}{(line.IsDashed ? " dashed" : "")}\">{Text(line.Name)}</span>");
        }

        html.Append(CultureInfo.InvariantCulture, $"</figcaption><svg viewBox=\"0 0 {Width} {Height}\" role=\"img\" aria-label=\"{Text(Title)}: {Text(string.Join(", ", Lines.Select(line => line.Name)))}\">");
        AppendAxes(html);
        for (var i = 0; i < Marks.Count; i++)
        {
            var x = AtX(Marks[i].X);
            html.Append(CultureInfo.InvariantCulture, $"<g class=\"mark\"><title>{Text(Marks[i].Text)}</title><path d=\"M{x:0.#} {Top}V{Height - Bottom}\"/><text x=\"{x + 3:0.#}\" y=\"{Top + 10}\">{i + 1}</text></g>");
        }

        foreach (var line in Lines)
        {
            html.Append(CultureInfo.InvariantCulture, $"<path class=\"line c{line.Color}{(line.IsDashed ? " dashed" : "")}\" d=\"{PathOf(line)}\"><title>{Text(line.Name)}</title></path><path class=\"dot c{line.Color}\" d=\"{DotsOf(line)}\"/>");
        }

        return html.Append("</svg></figure>\n").ToString();
    }

    private void AppendAxes(StringBuilder html)
    {
        html.Append("<g class=\"axes\">");
        foreach (var (value, text) in Y.Marks)
        {
            var y = AtY(value);
            html.Append(CultureInfo.InvariantCulture, $"<path d=\"M{Left} {y:0.#}H{Width - Right}\"/><text x=\"{Left - 6}\" y=\"{y + 4:0.#}\" text-anchor=\"end\">{text}</text>");
        }

        foreach (var (value, text) in X.Marks)
        {
            var x = AtX(value);
            html.Append(CultureInfo.InvariantCulture, $"<path d=\"M{x:0.#} {Height - Bottom}v4\"/><text x=\"{x:0.#}\" y=\"{Height - Bottom + 17}\" text-anchor=\"middle\">{text}</text>");
        }

        html.Append(CultureInfo.InvariantCulture, $"<text x=\"{(Left + Width - Right) / 2}\" y=\"{Height - 6}\" text-anchor=\"middle\">{Text(X.Label)}</text>");
        html.Append(CultureInfo.InvariantCulture, $"<text transform=\"translate(12 {(Top + Height - Bottom) / 2}) rotate(-90)\" text-anchor=\"middle\">{Text(Y.Label)}</text></g>");
    }

    private string PathOf(PlotLine line)
    {
        var path = new StringBuilder();
        var pen = false;
        foreach (var at in line.Points)
        {
            if (at is { } point)
            {
                path.Append(CultureInfo.InvariantCulture, $"{(pen ? 'L' : 'M')}{AtX(point.X):0.#} {AtY(point.Y):0.#}");
            }

            pen = at is not null;
        }

        return path.ToString();
    }

    /// <summary>Points without a neighbour: a line cannot show them.</summary>
    private string DotsOf(PlotLine line)
    {
        var path = new StringBuilder();
        for (var i = 0; i < line.Points.Count; i++)
        {
            if (line.Points[i] is { } point && (i == 0 || line.Points[i - 1] is null) && (i + 1 == line.Points.Count || line.Points[i + 1] is null))
            {
                path.Append(CultureInfo.InvariantCulture, $"M{AtX(point.X):0.#} {AtY(point.Y):0.#}h0.1"); // round ends make it a dot
            }
        }

        return path.ToString();
    }

    private double AtX(double value) => Left + (X.Position(value) * (Width - Left - Right));

    private double AtY(double value) => Height - Bottom - (Y.Position(value) * (Height - Top - Bottom));

    private static string Text(string text) => WebUtility.HtmlEncode(text);
}
