using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Llama4.Server.Tests.Verbs;

public sealed partial class InspectVerbTests
{
    private const long EmbeddingTable = 202_048L * 5_120;

    private static readonly string Page = File.ReadAllText(Golden.Path("data", "scout-config-and-parameters.md"));

    [Fact]
    public async Task Inspect_OfScout_CountsWhatThePublishedCheckpointHas()
    {
        using var folder = new TestFolder();

        var report = (await Llama4Run.OfAsync("inspect", ScoutConfig(folder), "--json")).Json();

        report.GetProperty("total_parameters").GetInt64().ShouldBe(108_641_793_536);
        report.GetProperty("text_parameters").GetInt64().ShouldBe(107_769_861_120);
        report.GetProperty("active_parameters_per_token").GetInt64().ShouldBe(16_138_408_960);
        report.GetProperty("active_parameters_per_token_with_embedding").GetInt64().ShouldBe(17_172_894_720);
        report.GetProperty("bytes").GetProperty("total").GetInt64().ShouldBe(2 * 108_641_793_536);
        report.GetProperty("bytes").GetProperty("experts").GetInt64().ShouldBe(2 * 48L * 16 * 125_829_120);
        report.GetProperty("bytes").GetProperty("embeddings").GetInt64().ShouldBe(2 * 2 * EmbeddingTable);
        report.GetProperty("kv_bytes_per_token").GetProperty("chunked_layers").GetInt64().ShouldBe(36 * 4_096);
        report.GetProperty("kv_bytes_per_token").GetProperty("full_layers").GetInt64().ShouldBe(49_152);
        var layers = report.GetProperty("layers").EnumerateArray().ToList();
        layers.Count.ShouldBe(48);
        layers.Where(l => !l.GetProperty("rope").GetBoolean()).Select(l => l.GetProperty("index").GetInt32())
            .ShouldBe(Enumerable.Range(0, 12).Select(i => (4 * i) + 3));
        layers.ShouldAllBe(l => l.GetProperty("feed_forward").GetString() == "moe");
        report.GetProperty("parameters").EnumerateArray().Sum(p => p.GetProperty("count").GetInt64()).ShouldBe(108_641_793_536);
    }

    [Fact]
    public async Task Table_OfScout_IsThePublishedPageButForItsTwoKnownDepartures()
    {
        using var folder = new TestFolder();
        var printed = (await Llama4Run.OfAsync("inspect", ScoutConfig(folder), "--table")).Output;

        var ours = Rows(printed).Where(r => !IsFeedForward(r.Name)).ToList();
        var theirs = Rows(Page).Where(r => !IsFeedForward(r.Name)).ToList();

        ours.ShouldBe(theirs);
        Rows(printed).Where(r => IsFeedForward(r.Name)).Select(r => (r.Name.Split("feed_forward.")[1], r.Count)).ShouldBe(
        [
            ("router.weight", "81920"),
            ("experts.gate_up_proj", "1342177280"),
            ("experts.down_proj", "671088640"),
            ("shared_expert.gate_proj.weight", "41943040"),
            ("shared_expert.up_proj.weight", "41943040"),
            ("shared_expert.down_proj.weight", "41943040"),
        ]);
        (Total(Page) - Total(printed)).ShouldBe(EmbeddingTable);
        printed.ShouldStartWith("Total Trainable Params: 108,641,793,536 (109B)\n");
    }

    /// <summary>Rows whose width the page itself keeps; hand-edited ones there are a column too wide.</summary>
    [Fact]
    public async Task Table_OfScout_IsCentredLikeThePage()
    {
        using var folder = new TestFolder();
        var printed = (await Llama4Run.OfAsync("inspect", ScoutConfig(folder), "--table")).Lines;
        var width = printed.Single(l => l.Contains("vision_model.class_embedding")).Length;

        var kept = Page.Split('\n').Where(l => l.StartsWith("| ") && l.Length == width && !l.Contains("feed_forward")).ToList();

        kept.Count.ShouldBe(24);
        kept.ShouldAllBe(line => printed.Contains(line));
    }

    [Fact]
    public async Task Inspect_OfEarlyScoutConfig_WarnsOfItsStaleRopeScaling()
    {
        using var folder = new TestFolder();

        var run = await Llama4Run.OfAsync("inspect", ScoutConfig(folder));

        run.ExitCode.ShouldBe(0);
        run.Error.ShouldStartWith("warning: ");
        run.Error.ShouldContain("16/1/1");
    }

    [Fact]
    public async Task Inspect_OfMaverickLikeLayers_ShowsOneLayerOfEachKindThenTheRest()
    {
        using var folder = new TestFolder();
        var config = ScoutConfig(folder, text => text.Replace("\"interleave_moe_layer_step\": 1", "\"interleave_moe_layer_step\": 2"));

        var rows = Rows((await Llama4Run.OfAsync("inspect", config, "--table")).Output);

        rows.ShouldContain(("language_model.model.layers.0.feed_forward.gate_proj.weight", "83886080"));
        rows.ShouldContain(("language_model.model.layers.1.feed_forward.router.weight", "81920"));
        rows.ShouldContain(("... layers.2 to layers.47 ...", "..."));
    }

    [Fact]
    public async Task Inspect_OfTheBundledCheckpoint_ReadsItsOwnTypesAndCounts()
    {
        var report = (await Llama4Run.OfAsync("inspect", BundledModel.Directory, "--json")).Json();

        report.GetProperty("total_parameters").GetInt64().ShouldBe(10_149_088);
        report.GetProperty("bytes").GetProperty("total").GetInt64().ShouldBe(2 * 10_149_088);
        report.GetProperty("parameters").EnumerateArray().ShouldAllBe(p => p.GetProperty("dtype").GetString() == "BF16");
        report.GetProperty("warnings").GetArrayLength().ShouldBe(0);
    }

    [Fact]
    public async Task Inspect_WithJsonAndTable_IsAMistake() =>
        (await Llama4Run.OfAsync("inspect", BundledModel.Directory, "--json", "--table")).ShouldFailWith(CommandLine.Usage, "--json and --table exclude each other");

    /// <summary>The page's config dump as a file; it writes the MoE layers as a range, which JSON has not.</summary>
    private static string ScoutConfig(TestFolder folder, Func<string, string>? change = null)
    {
        var dump = Page[(Page.IndexOf("Llama4Config {", StringComparison.Ordinal) + "Llama4Config ".Length)..];
        dump = dump[..dump.IndexOf("```", StringComparison.Ordinal)];
        var json = MoeLayers().Replace(dump, "");
        return folder.Write("config.json", change?.Invoke(json) ?? json);
    }

    private static List<(string Name, string Count)> Rows(string text) =>
    [
        .. text.Split('\n')
            .Select(line => line.Split('|'))
            .Where(cells => cells.Length >= 4 && cells[1].Trim() is not "Modules")
            .Select(cells => (cells[1].Trim(), cells[2].Trim())),
    ];

    private static bool IsFeedForward(string name) => name.Contains(".feed_forward.");

    private static long Total(string text) =>
        long.Parse(TotalLine().Match(text).Groups[1].Value, NumberStyles.AllowThousands, CultureInfo.InvariantCulture);

    [GeneratedRegex("\"moe_layers\": \\[\\s*0\\.\\.47\\s*\\],")]
    private static partial Regex MoeLayers();

    [GeneratedRegex(@"Total Trainable Params: ([\d,]+)")]
    private static partial Regex TotalLine();
}
