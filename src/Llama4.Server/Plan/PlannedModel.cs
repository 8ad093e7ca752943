using Llama4.Model;
using Llama4.Server.Synth;

namespace Llama4.Server.Plan;

/// <summary>The model to plan for: a checkpoint's directory, a config.json alone, or a shape that needs no file.</summary>
internal static class PlannedModel
{
    /// <exception cref="CheckpointException">The file is not a Llama 4 config.</exception>
    public static Llama4Config Load(string model) =>
        Directory.Exists(model) ? Llama4Config.Load(Path.Combine(model, "config.json"))
        : File.Exists(model) ? Llama4Config.Load(model)
        : SynthShape.IsKnown(model) ? SynthShape.Load(model).Config
        : throw new FileNotFoundException($"{model}: expected a model directory, a config.json, scout or maverick, found nothing");
}
