using System.CommandLine;
using System.Text.Json;
using Llama4.Compute;
using Llama4.Model;
using Llama4.Server.Logits;
using Llama4.Server.Output;

namespace Llama4.Server.Verbs;

/// <summary><c>llama4 logits</c>: what the model computes for given ids, in a file that other engines' values can be held against.</summary>
internal static class LogitsVerb
{
    public static Verb Create(Terminal terminal)
    {
        var model = new Option<string?>("--model") { Description = "A checkpoint; it needs no tokenizer. Default: the bundled scout-nano.", HelpName = "DIR" };
        var ids = new Option<string>("--ids") { Description = """The prompt: {"ids":[…]}.""", HelpName = "FILE", Required = true };
        var output = new Option<string>("--out") { Description = "Tensor logits, F32 [tokens, vocab].", HelpName = "FILE.safetensors", Required = true };
        var compute = new Option<string>("--compute") { Description = "fp32 rounds nothing; bf16 rounds where serving does.", HelpName = "fp32|bf16", DefaultValueFactory = _ => "bf16" };
        var layers = new Option<bool>("--layers") { Description = "Also layers.I.attn_residual, .output, .router_logits and .expert of every layer." };
        var pixels = new Option<string?>("--pixels")
        {
            Description = "Images for the patch tokens among the ids: tensor pixel_values [tiles, 3, size, size]. Adds image_rows, F32 [patch tokens, hidden].",
            HelpName = "FILE.safetensors",
        };
        compute.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string>() is not ("fp32" or "bf16"))
            {
                result.AddError($"--compute: expected fp32 or bf16, found '{result.Tokens[0].Value}'");
            }
        });
        var command = new Command("logits", "Logits, and every layer's values, of a prompt as a safetensors file.") { model, ids, pixels, output, compute, layers };
        command.SetAction(async (parsed, cancellation) =>
        {
            using var checkpoint = Checkpoint.Open(parsed.GetValue(model) ?? BundledModel.Directory);
            var prompt = ReadIds(parsed.GetRequiredValue(ids), checkpoint.Config);
            var mode = parsed.GetValue(compute) == "fp32" ? ComputeMode.Fp32 : ComputeMode.Bf16;
            await using var device = CpuDevice.Create();
            using var images = parsed.GetValue(pixels) is { } file
                ? await ProgressLine.RunAsync(terminal, "images", _ => PromptImages.LoadAsync(checkpoint, device, mode, prompt, file, cancellation))
                : null;
            using var loaded = await ProgressLine.RunAsync(
                terminal,
                "loading",
                progress => DirectModel.LoadAsync(
                    checkpoint,
                    device,
                    mode,
                    sequences: 1,
                    positionsMax: prompt.Length,
                    progress: new Reported(progress),
                    cancellation: cancellation).AsTask());
            var path = parsed.GetRequiredValue(output);
            await ProgressLine.RunAsync(
                terminal,
                $"{prompt.Length} tokens",
                progress => LogitsFile.WriteAsync(loaded, prompt, images, path, parsed.GetValue(layers), progress, cancellation));
            return CommandLine.Success;
        });
        return new Verb(
            VerbGroup.ComparingEngines,
            command,
            "llama4 logits --model DIR --ids prompt.json --out ours.safetensors --compute fp32 --layers",
            "llama4 logits --model DIR --ids prompt.json --pixels tiles.safetensors --out ours.safetensors");
    }

    private static int[] ReadIds(string file, Llama4Config config)
    {
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllText(file));
            var ids = document.RootElement.Ids("ids");
            var wrong = Array.FindIndex(ids, id => id >= config.VocabSize);
            return ids.Length == 0 ? throw new InvalidDataException("\"ids\": expected at least one id")
                : wrong < 0 ? ids
                : throw new InvalidDataException($"\"ids\"[{wrong}]: expected an id below {config.VocabSize}, found {ids[wrong]}");
        }
        catch (Exception error) when (error is JsonException or InvalidDataException)
        {
            throw new InvalidDataException($"{file}: {error.Message}", error);
        }
    }
}
