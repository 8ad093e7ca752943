using System.Text.Json;

namespace Llama4.Server.Tests.Verbs;

public sealed class PlanVerbTests
{
    /// <summary>The totals are those of the published checkpoint's text model: 107,769,861,120 parameters, 768 experts of 251,658,240 bytes.</summary>
    [Fact]
    public async Task Plan_OfScoutOnEightH100_AddsUpToItsCheckpoint()
    {
        var report = (await PlanAsync("--model", "scout", "--hosts", "8xH100-80G", "--context", "8K", "--sequences", "64", "--json")).Json();

        report.GetProperty("weight_bytes").GetInt64().ShouldBe(2 * 107_769_861_120);
        var memory = report.GetProperty("hosts").EnumerateArray().Select(host => host.GetProperty("memory")).ToList();
        memory.Count.ShouldBe(8);
        Sum(memory, "weights").ShouldBe(2 * 107_769_861_120);
        Sum(memory, "expert_weights").ShouldBe(768 * 251_658_240L);
        Sum(memory, "vocabulary_weights").ShouldBe(2 * ((2 * 1_034_485_760L) + 5120));
        Sum(memory, "kv").ShouldBe(64 * 8192 * 48 * 4096L);
        memory.ShouldAllBe(host => host.GetProperty("total").GetInt64() <= 80_000_000_000);
        memory.ShouldAllBe(host => host.GetProperty("total").GetInt64()
            == host.GetProperty("weights").GetInt64() + host.GetProperty("kv").GetInt64() + host.GetProperty("buffers").GetInt64());
        var plan = report.GetProperty("plan");
        plan.GetProperty("replicas")[0].GetProperty("stages").EnumerateArray().Sum(stage => stage.GetProperty("layers").GetInt32()).ShouldBe(48);
        plan.GetProperty("layers").EnumerateArray().ShouldAllBe(layer => layer.GetProperty("expert_groups").EnumerateArray().Sum(group => group.GetProperty("count").GetInt32()) == 16);
        report.GetProperty("steps").EnumerateArray().Select(step => step.GetProperty("batch").GetInt32()).ShouldBe([1, 2, 4, 8, 16, 32, 64, 128, 256]);
    }

    /// <summary>What 48 layers send to experts elsewhere and what comes back is the same, and at most 10,240 bytes each.</summary>
    [Fact]
    public async Task Plan_OfScout_TellsTheBytesOnEachLink()
    {
        var report = (await PlanAsync("--model", "scout", "--hosts", "8xH100-80G", "--context", "8K", "--json")).Json();

        report.GetProperty("row_bytes").GetInt64().ShouldBe(10_240);
        var links = report.GetProperty("links").EnumerateArray()
            .Select(link => (From: link.GetProperty("from").GetString(), To: link.GetProperty("to").GetString(), Bytes: link.GetProperty("expert_bytes_per_token").GetDouble())).ToList();
        (links.Sum(link => link.Bytes) / 2).ShouldBeInRange(1, 48 * 10_240);
        links.ShouldAllBe(link => link.From != link.To);
        var stages = report.GetProperty("plan").GetProperty("replicas")[0].GetProperty("stages").EnumerateArray().Select(stage => stage.GetProperty("host").GetString()).ToList();
        var away = report.GetProperty("plan").GetProperty("layers").EnumerateArray().Sum(layer => layer.GetProperty("expert_groups").EnumerateArray()
            .Where(group => group.GetProperty("host").GetString() != StageOf(report, layer.GetProperty("layer").GetInt32())).Sum(group => group.GetProperty("count").GetInt32()));
        links.Sum(link => link.Bytes).ShouldBe(2 * 10_240.0 * away / 16, 1e-3);
        report.GetProperty("links").EnumerateArray().Sum(link => link.GetProperty("hand_over_bytes_per_token").GetDouble())
            .ShouldBe(10_240 * (stages.Count > 1 ? stages.Count : 0)); // between stages, and from the last to the vocabulary
    }

    [Theory]
    [InlineData("bf16", 251_658_240)]
    [InlineData("fp8", 125_829_120 + (4 * 21_504))]
    [InlineData("int4", 62_914_560 + (2 * 983_040))]
    public async Task Plan_OfMaverick_KeepsItsExpertsInTheTypeAskedFor(string type, long expertBytes)
    {
        var report = (await PlanAsync("--model", "maverick", "--hosts", "16xH200-141G", "--dtype", type, "--context", "8K", "--sequences", "16", "--json")).Json();

        Sum([.. report.GetProperty("hosts").EnumerateArray().Select(host => host.GetProperty("memory"))], "expert_weights").ShouldBe(24 * 128 * expertBytes);
        report.GetProperty("plan").GetProperty("layers").EnumerateArray().Count(layer => layer.GetProperty("expert_groups").GetArrayLength() == 0).ShouldBe(24);
    }

    [Fact]
    public async Task Plan_WithStandbysAndReplicas_HasThem()
    {
        var report = (await PlanAsync("--model", "scout", "--hosts", "8xMI300X-192G", "--standby", "1", "--replicas", "2", "--sequences", "8", "--json")).Json();

        var replicas = report.GetProperty("plan").GetProperty("replicas").EnumerateArray().ToList();
        replicas.Count.ShouldBe(2);
        replicas.ShouldAllBe(replica => replica.GetProperty("vocabulary_standbys")[0].GetString() != replica.GetProperty("vocabulary").GetString());
        replicas.SelectMany(replica => replica.GetProperty("stages").EnumerateArray())
            .ShouldAllBe(stage => stage.GetProperty("standbys").GetArrayLength() == 1 && stage.GetProperty("standbys")[0].GetString() != stage.GetProperty("host").GetString());
        report.GetProperty("plan").GetProperty("layers").EnumerateArray().SelectMany(layer => layer.GetProperty("expert_groups").EnumerateArray())
            .ShouldAllBe(group => group.GetProperty("standbys").GetArrayLength() == 1 && group.GetProperty("standbys")[0].GetString() != group.GetProperty("host").GetString());
    }

    [Theory]
    [InlineData("8xH100-80G", "32K")]
    [InlineData("1xMI300X-192G,4xEPYC-9654-768G", "128K")]
    public async Task Plan_AsText_FitsAHundredColumns(string hosts, string context)
    {
        var run = await PlanAsync("--model", "scout", "--hosts", hosts, "--context", context, "--sequences", "16");

        run.ExitCode.ShouldBe(0, run.Error);
        run.Lines.ShouldAllBe(line => line.Length <= 100);
        foreach (var part in (string[])["who owns what", "attention layers 0-", "memory: #", "links, bytes per token (10,240 a row)", "batch  micro-batches", "more sequences of"])
        {
            run.Output.ShouldContain(part);
        }
    }

    [Fact]
    public async Task Plan_OfTheBundledModelOnOneHost_OwnsEverythingThere()
    {
        var run = await PlanAsync("--model", BundledModel.Directory, "--hosts", "1xRYZEN-7950X-64G", "--sequences", "4");

        run.ExitCode.ShouldBe(0, run.Error);
        run.Output.ShouldContain("host-0  RYZEN-7950X-64G  stage 0: attention layers 0-");
        run.Output.ShouldContain("experts: 0-15 of layers 0-");
        run.Output.ShouldContain("none: one host owns everything");
    }

    [Fact]
    public async Task Plan_WithDevicesOfItsOwn_TakesThem()
    {
        using var folder = new TestFolder();
        var devices = folder.Write("devices.yaml", "big: {memory: 1TB, bandwidth: 1TB/s, bf16: 1TFLOPS, link: 1Gb/s, latency: 1ms, source: a test}\n");

        var report = (await PlanAsync("--model", "scout", "--hosts", "big", "--devices", devices, "--context", "8K", "--json")).Json();

        report.GetProperty("hosts")[0].GetProperty("memory").GetProperty("limit").GetInt64().ShouldBe(1_000_000_000_000);
    }

    /// <summary>64 sequences of 1M tokens take 49.1 GiB each: 3.4 TB of keys and values on hosts of 640 GB.</summary>
    [Fact]
    public async Task Plan_WhenItDoesNotFit_SaysByHowManyBytesWhereAndWhatWould()
    {
        var run = await PlanAsync("--model", "scout", "--hosts", "8xH100-80G", "--context", "1M", "--sequences", "64");

        run.ShouldFailWith(CommandLine.Failure, "64 sequences of 1,048,576 tokens: it does not fit: host-0 lacks ");
        run.Error.ShouldContain("all hosts have 640,000,000,000");
        var fits = run.Error.TrimEnd().Split("; ")[^1].Split(' ')[0];
        (await PlanAsync("--model", "scout", "--hosts", "8xH100-80G", "--context", "1M", "--sequences", fits)).ExitCode.ShouldBe(0);
        (await PlanAsync("--model", "scout", "--hosts", "8xH100-80G", "--context", "1M", "--sequences", $"{int.Parse(fits) + 1}")).ExitCode.ShouldBe(CommandLine.Failure);
    }

    [Theory]
    [InlineData("--hosts 8xH100-80G", "Option '--model' is required")]
    [InlineData("--model scout --hosts 8xH1000", "--hosts: expected a file or a count and a device like 8xH100-80G, found '8xH1000'; known are H100-80G,")]
    [InlineData("--model scout --hosts 0xH100-80G", "--hosts: expected 1 to 1024 hosts, found '0xH100-80G'")]
    [InlineData("--model scout --hosts 8xH100-80G --context lots", "--context: expected a number of tokens like 8192, 128K or 1M, found 'lots'")]
    [InlineData("--model maverick --hosts 8xH100-80G --context 2M", "--context: expected at most the model's 1048576 tokens, found 2097152")]
    [InlineData("--model scout --hosts 8xH100-80G --dtype fp4", "--dtype: expected bf16, fp8 or int4, found 'fp4'")]
    [InlineData("--model scout --hosts 8xH100-80G --sequences 0", "--sequences: expected 1 to 1048576, found 0")]
    [InlineData("--model scout --hosts 8xH100-80G --sequences 1 --replicas 2", "--replicas: expected at most as many as sequences (1), found 2")]
    public async Task Plan_OfWhatCannotBe_IsAMistake(string options, string message) =>
        (await PlanAsync(options.Split(' '))).ShouldFailWith(CommandLine.Usage, message);

    [Theory]
    [InlineData("--model scuot --hosts 8xH100-80G", "scuot: expected a model directory, a config.json, scout or maverick, found nothing")]
    [InlineData("--model scout --hosts missing.yaml", "missing.yaml: expected a file of hosts, found nothing")]
    [InlineData("--model scout --hosts 1xMI300X-192G --standby 1", "1 hosts may have the role experts, at least 2 must")]
    public async Task Plan_WithoutWhatItNeeds_Fails(string options, string message) =>
        (await PlanAsync(options.Split(' '))).ShouldFailWith(CommandLine.Failure, message);

    private static Task<Llama4Run> PlanAsync(params string[] args) => Llama4Run.OfAsync(["plan", .. args]);

    private static long Sum(List<JsonElement> memory, string kind) => memory.Sum(host => host.GetProperty(kind).GetInt64());

    private static string? StageOf(JsonElement report, int layer) => report.GetProperty("plan").GetProperty("replicas")[0].GetProperty("stages").EnumerateArray()
        .Single(stage => layer >= stage.GetProperty("first_layer").GetInt32() && layer < stage.GetProperty("first_layer").GetInt32() + stage.GetProperty("layers").GetInt32())
        .GetProperty("host").GetString();
}
