using System.Reflection;
using System.Text.RegularExpressions;
using Llama4.Cluster.Spans;

namespace Llama4.Telemetry.Tests.Traces;

/// <summary>The table of attributes says what the code has, no more and no less. That each is on the spans that it says is held where spans are received.</summary>
public sealed partial class SpanTableTests
{
    [Fact]
    public void Table_AndTheCode_HaveTheSameAttributes()
    {
        var ofHosts = typeof(SpanTags).GetFields(BindingFlags.Static | BindingFlags.Public).Select(field => (string)field.GetRawConstantValue()!);
        var written = Directory.EnumerateFiles(Path.Combine(Golden.Checkout, "src"), "*.cs", SearchOption.AllDirectories)
            .SelectMany(file => Tag().Matches(File.ReadAllText(file))).Select(match => match.Groups[1].Value);

        SpanTable.Rows.Select(row => row.Attribute).Distinct().Order().ShouldBe(ofHosts.Concat(written).Distinct().Order());
    }

    [GeneratedRegex("SetTag\\(\"(llama4\\.[^\"]+)\"")]
    private static partial Regex Tag();
}
