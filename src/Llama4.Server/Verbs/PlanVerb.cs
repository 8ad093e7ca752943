using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Llama4.Model;
using Llama4.Scheduling;
using Llama4.Server.Output;
using Llama4.Server.Plan;

namespace Llama4.Server.Verbs;

/// <summary><c>llama4 plan</c>: which of many hosts would own what, and how fast they could be.</summary>
internal static class PlanVerb
{
    /// <summary>Without --context: what a chat or a longer document takes, in models that have as much.</summary>
    private const int ContextDefault = 32 * 1024;

    /// <summary>To feed a device: one for each of reading, sending, receiving and the engine, and as many again.</summary>
    private const int CoresBesideDevice = 8;

    public static Verb Create(Terminal terminal)
    {
        var model = new Option<string>("--model") { Description = "A model directory, a config.json alone, or a shape by name.", HelpName = "DIR|config.json|scout|maverick", Required = true };
        var hosts = new Option<string>("--hosts") { Description = "Counts of known devices, or a file of hosts.", HelpName = "8xH100-80G|hosts.yaml", Required = true };
        var devices = new Option<string?>("--devices") { Description = "Further devices for --hosts, with the keys of the table that is built in.", HelpName = "FILE" };
        var context = new Option<int?>("--context") { Description = "Tokens of each sequence, like 8192, 128K or 1M. Default: 32K, or the model's if it has less.", HelpName = "N", CustomParser = ParseTokens };
        var sequences = Number("--sequences", "Sequences at once, over all replicas.", 64, 1, 1 << 20);
        var experts = new Option<ExpertWeights>("--dtype") { Description = "What routed experts are kept in: bf16 (the default), fp8 or int4. All else is bf16.", HelpName = "TYPE", CustomParser = ParseType };
        var standbys = Number("--standby", "Further hosts that hold each expert group loaded.", 0, 0, 16);
        var replicas = Number("--replicas", "Full sets of attention layers, which share the experts.", 1, 1, 64);
        var json = new Option<bool>("--json") { Description = "Everything as one JSON object." };
        var kubernetes = new Option<bool>("--kubernetes") { Description = "An overlay for deploy/k8s: pods of each kind, their roles, memory and devices." };
        var cores = new Option<int?>("--cores") { Description = $"CPU cores of a pod, with --kubernetes. Default: {CoresBesideDevice} beside a GPU; a CPU's pods need it said.", HelpName = "N" };
        cores.Within(1, 1024);
        var command = new Command("plan", "Which host owns what of a model, memory, links, tokens/s and what limits them.")
        {
            model, hosts, devices, context, sequences, experts, standbys, replicas, json, kubernetes, cores,
        };
        command.Validators.Add(result =>
        {
            var asked = result.GetResult(kubernetes) is { Implicit: false };
            if (!asked && result.GetResult(cores) is { Implicit: false })
            {
                result.AddError("--cores needs --kubernetes");
            }
            else if (asked && result.GetResult(json) is { Implicit: false })
            {
                result.AddError("--kubernetes and --json do not go together");
            }
        });
        command.SetAction(parsed =>
        {
            var table = DeviceTable.Known();
            if (parsed.GetValue(devices) is { } file)
            {
                table.Add(YamlFields.Load(file));
            }

            var source = parsed.GetRequiredValue(model);
            var config = PlannedModel.Load(source);
            var choice = new PlanChoice(
                Context(parsed.GetValue(context), config), parsed.GetValue(sequences), parsed.GetValue(experts), parsed.GetValue(standbys), parsed.GetValue(replicas));
            if (choice.Replicas > choice.Sequences)
            {
                throw new UsageException($"--replicas: expected at most as many as sequences ({choice.Sequences}), found {choice.Replicas}");
            }

            var report = PlanReport.Of(source, config, HostList.Read(parsed.GetRequiredValue(hosts), table), choice);
            if (parsed.GetValue(kubernetes))
            {
                if (choice.Experts != ExpertWeights.Bf16)
                {
                    throw new UsageException($"--kubernetes: expected --dtype bf16, what hosts keep experts in, found {PlanJson.Name(choice.Experts)}");
                }

                var asked = $"llama4 {string.Join(' ', parsed.Tokens.Select(token => token.Value))}".ReplaceLineEndings(" ");
                terminal.Output.WriteLine(KubernetesOverlay.Render(KubernetesPlan.Of(report, config), asked, Cores(parsed.GetValue(cores), report)));
            }
            else if (parsed.GetValue(json))
            {
                terminal.WriteJson(writer => PlanJson.Write(report, writer));
            }
            else
            {
                terminal.Output.WriteLine(PlanText.Render(report));
            }

            return CommandLine.Success;
        });
        return new Verb(
            VerbGroup.Models,
            command,
            "llama4 plan --model scout --hosts 8xH100-80G --context 128K --sequences 16",
            "llama4 plan --model path/to/config.json --hosts 2xH200-141G,8xRTX-4090-24G --dtype fp8",
            "llama4 plan --model DIR --hosts hosts.yaml --standby 1 --json",
            "llama4 plan --model scout --hosts 8xH100-80G --standby 1 --kubernetes > deploy/k8s/overlays/scout-8xgpu/kustomization.yaml");
    }

    private static int Context(int? given, Llama4Config config) =>
        given is null ? Math.Min(ContextDefault, config.MaxPositions)
        : given <= config.MaxPositions ? given.Value
        : throw new UsageException(string.Create(CultureInfo.InvariantCulture, $"--context: expected at most the model's {config.MaxPositions} tokens, found {given}"));

    private static int Cores(int? given, PlanReport report) =>
        given ?? (report.Hosts.FirstOrDefault(host => host.Resource is null) is { } host
            ? throw new UsageException($"--kubernetes: expected --cores, the CPU cores of a pod, for {host.Device}, which has no GPU; found none")
            : CoresBesideDevice);

    private static int? ParseTokens(ArgumentResult result)
    {
        var text = result.Tokens[0].Value;
        if (!Quantity.TryTokens(text, out var tokens))
        {
            result.AddError($"--context: expected a number of tokens like 8192, 128K or 1M, found '{text}'");
        }

        return tokens;
    }

    private static ExpertWeights ParseType(ArgumentResult result)
    {
        var text = result.Tokens[0].Value;
        var known = Enum.GetValues<ExpertWeights>().Where(type => PlanJson.Name(type) == text).ToList();
        if (known.Count == 0)
        {
            result.AddError($"--dtype: expected bf16, fp8 or int4, found '{text}'");
        }

        return known.FirstOrDefault();
    }

    private static Option<int> Number(string name, string description, int standard, int least, int most)
    {
        var option = new Option<int>(name) { Description = description, HelpName = "N", DefaultValueFactory = _ => standard };
        option.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() is var value && (value < least || value > most))
            {
                result.AddError($"{name}: expected {least} to {most}, found {result.Tokens[0].Value}");
            }
        });
        return option;
    }
}
