using System.Text;
using System.Text.Json.Nodes;
using Llama4.Compute;

namespace Llama4.Model.Tests;

/// <summary>The tower's tensors are checked like the text model's, when they are asked for.</summary>
public sealed class VisionCheckpointTests : IDisposable
{
    private readonly ModelDirectory _directory = new();

    public VisionCheckpointTests()
    {
        _directory.Config["vision_config"] = JsonNode.Parse("""
            {
              "hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 64, "image_size": 8, "patch_size": 2, "num_channels": 3,
              "projector_input_dim": 12, "projector_output_dim": 12, "vision_output_dim": 12
            }
            """);
    }

    [Theory]
    [InlineData("")]
    [InlineData("model.")]
    public async Task LoadAsync_OfNamesWithAndWithoutPrefix_ReadsAllOfThemOnce(string prefix)
    {
        _directory.Write([.. _directory.Tensors(), .. VisionTensors().Select(tensor => tensor with { Name = prefix + tensor.Name })]);
        using var checkpoint = Checkpoint.Open(_directory.Path);
        await using var device = CpuDevice.Create(1);

        using (var tower = await VisionTower.LoadAsync(checkpoint, device, ComputeMode.Bf16))
        {
            checkpoint.BytesRead.ShouldBe(VisionTensors().Sum(tensor => (long)tensor.Data.Length));
            tower.WeightBytes.ShouldBeGreaterThanOrEqualTo(checkpoint.BytesRead);
            using var rows = await tower.ForwardAsync(TilePixels.OfLevels(tower.Config, new byte[3 * tower.Config.PixelsOfTile]));
            (rows.Rows, rows.Width, rows.DType).ShouldBe((3 * 4, 32, DType.BF16));
        }

        await device.SynchronizeAsync();
    }

    [Fact]
    public void RequireVision_WithATensorMissing_NamesItAndItsShape()
    {
        var error = Refused(tensors => tensors.RemoveAll(tensor => tensor.Name == "vision_model.model.layers.0.mlp.fc1.bias"));

        error.Subject.ShouldContain("vision_model.model.layers.0.mlp.fc1.bias");
        error.Expected.ShouldContain("[64]");
        error.Found.ShouldBe("nothing");
    }

    [Fact]
    public void RequireVision_OfATensorOfAnotherShape_SaysBoth()
    {
        var error = Refused(tensors =>
        {
            var index = tensors.FindIndex(tensor => tensor.Name == "vision_model.positional_embedding_vlm");
            tensors[index] = tensors[index] with { Shape = [16, 17] };
        });

        (error.Expected, error.Found).ShouldBe(("[17, 16], as config.json says", "[16, 17]"));
    }

    [Fact]
    public void RequireVision_OfATensorTooMany_NamesIt() =>
        Refused(tensors => tensors.Add(new StoredTensor("vision_model.model.layers.1.mlp.fc1.bias", "BF16", [64], new byte[128])))
            .Found.ShouldContain("vision_model.model.layers.1.mlp.fc1.bias");

    [Theory]
    [InlineData("intermediate_size", 32, "key vision_config.intermediate_size: expected 64, the width after the pixel shuffle, found 32")]
    [InlineData("pixel_shuffle_ratio", 0.3, "key vision_config.pixel_shuffle_ratio: expected 1 divided by a whole number")]
    [InlineData("num_attention_heads", 8, "key vision_config.num_attention_heads: expected heads of a multiple of 4 components")]
    [InlineData("vision_output_dim", 13, "key vision_config.vision_output_dim: expected 12, as projector_output_dim, found 13")]
    public void RequireVision_OfATowerThatCannotBe_SaysWhy(string key, double value, string message)
    {
        _directory.Config["vision_config"]![key] = value;
        Refused(_ => { }).Message.ShouldContain(message);
    }

    /// <summary>Hosts of one cluster must have the same tower, as they must have the same text model.</summary>
    [Theory]
    [InlineData("multi_modal_projector.linear_1.weight")]
    [InlineData("vision_model.class_embedding")]
    [InlineData("vision_model.model.layers.0.mlp.fc1.bias")]
    public void Identity_OfCheckpointsThatDifferInTheTowerAlone_Differs(string changed)
    {
        var text = _directory.Tensors();
        var alone = IdentityOf(text);
        var whole = IdentityOf([.. text, .. VisionTensors()]);

        whole.ShouldNotBe(alone);
        IdentityOf([.. text, .. VisionTensors()]).ShouldBe(whole);
        IdentityOf([.. text, .. VisionTensors().Select(tensor => tensor with { Name = "model." + tensor.Name })]).ShouldBe(whole);
        IdentityOf([.. text, .. VisionTensors().Select(tensor => tensor.Name == changed ? tensor with { Data = [1, .. tensor.Data[1..]] } : tensor)])
            .ShouldNotBe(whole);
    }

    /// <summary>Computed by hand from the files: hosts of text models that were updated one after the other go on together.</summary>
    [Fact]
    public void Identity_OfATextModel_IsOfItsTensorsAlone()
    {
        using var golden = new GoldenCase("01-scout");

        golden.Checkpoint.Identity.ShouldBe("f68611ac650d4321");
    }

    public void Dispose() => _directory.Dispose();

    private string IdentityOf(IEnumerable<StoredTensor> tensors)
    {
        _directory.Write(tensors);
        using var checkpoint = Checkpoint.Open(_directory.Path);
        return checkpoint.Identity;
    }

    /// <summary>The text model opens all the same; its host has no use for the tower.</summary>
    private CheckpointException Refused(Action<List<StoredTensor>> lie)
    {
        var tensors = VisionTensors();
        lie(tensors);
        _directory.Write([.. _directory.Tensors(), .. tensors]);
        using var checkpoint = Checkpoint.Open(_directory.Path);
        return Should.Throw<CheckpointException>(() => checkpoint.RequireVision());
    }

    private List<StoredTensor> VisionTensors()
    {
        var config = Llama4Config.Parse(Encoding.UTF8.GetBytes(_directory.Config.ToJsonString()), "config.json");
        return [.. ParameterTable.All(config).Where(parameter => parameter.Kind == ParameterKind.Vision).Select(parameter => new StoredTensor(
            parameter.ReleasedName, "BF16", [.. parameter.Shape], new byte[2 * parameter.Count]))];
    }
}
