using System.Text.Json;
using Llama4.Model;
using Llama4.Server.Files;
using Llama4.Server.Synth;

namespace Llama4.Server.Pipeline;

/// <summary>A checkpoint of a shape whose weights are one hole in a file: enough for devices that read none, and for measuring what does not depend on values. It goes away when disposed.</summary>
internal sealed class HollowCheckpoint : IDisposable
{
    private HollowCheckpoint(string directory, Llama4Config config) => (Directory, Config) = (directory, config);

    public string Directory { get; }

    public Llama4Config Config { get; }

    public static HollowCheckpoint Create(SynthShape shape)
    {
        var directory = System.IO.Directory.CreateTempSubdirectory("llama4-hollow-").FullName;
        var checkpoint = new HollowCheckpoint(directory, shape.Config);
        try
        {
            File.WriteAllBytes(Path.Combine(directory, "config.json"), JsonSerializer.SerializeToUtf8Bytes(shape.Json));
            using var writer = new SafetensorsWriter(
                Path.Combine(directory, "model.safetensors"),
                [.. ParameterTable.All(shape.Config).Select(parameter => new TensorLayout(parameter.ReleasedName, StoredType.BF16, parameter.Shape))]);
            writer.LeaveHoles();
            writer.Commit();
            return checkpoint;
        }
        catch
        {
            checkpoint.Dispose();
            throw;
        }
    }

    public void Dispose() => System.IO.Directory.Delete(Directory, recursive: true);
}
