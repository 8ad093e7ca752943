namespace Llama4.Model.Tests;

public sealed class CheckpointTests : IDisposable
{
    private readonly ModelDirectory _directory = new();

    [Theory]
    [InlineData("language_model.model.", "language_model.")]
    [InlineData("model.language_model.", "")]
    [InlineData("model.", "")]
    [InlineData("", "")]
    public void Open_WithAnyKnownPrefix_FindsEveryTensor(string prefix, string outputPrefix)
    {
        _directory.Write(_directory.Tensors().Select(tensor => tensor with
        {
            Name = TensorNames.WithoutPrefix(tensor.Name) is var name && name == TensorNames.Output ? outputPrefix + name : prefix + name,
        }));

        using var checkpoint = Checkpoint.Open(_directory.Path);

        var parameters = ParameterTable.Text(checkpoint.Config).ToArray();
        parameters.Length.ShouldBe(4 * 6 + 2 * 6 + 2 * 3 + 3);
        foreach (var parameter in parameters)
            checkpoint[parameter.Name].Shape.ShouldBe(parameter.Shape);
        checkpoint.WeightBytes.ShouldBe(2 * parameters.Sum(parameter => parameter.Count));
    }

    [Fact]
    public void Open_WithVisionTensorsBesideTheText_LeavesThemAlone()
    {
        _directory.Write([.. _directory.Tensors(), new StoredTensor("vision_model.class_embedding", "F32", [2], new byte[8]),
            new StoredTensor("model.multi_modal_projector.linear_1.weight", "U8", [1], [1])]);

        Checkpoint.Open(_directory.Path).Dispose();
    }

    [Fact]
    public void Open_WithATensorMissing_NamesItAndItsShape()
    {
        var tensors = _directory.Tensors();
        tensors.RemoveAll(tensor => tensor.Name.EndsWith("layers.1.feed_forward.router.weight", StringComparison.Ordinal));
        _directory.Write(tensors);

        var error = _directory.OpenFails();

        error.Subject.ShouldContain("language_model.model.layers.1.feed_forward.router.weight");
        error.Expected.ShouldContain("[4, 32]");
        error.Found.ShouldBe("nothing");
    }

    [Fact]
    public void Open_WithATensorTooMany_NamesIt()
    {
        _directory.Write([.. _directory.Tensors(), new StoredTensor("model.layers.4.input_layernorm.weight", "BF16", [32], new byte[64])]);

        var error = _directory.OpenFails();

        error.File.ShouldBe(_directory.FileOf("model.safetensors"));
        error.Found.ShouldContain("model.layers.4.input_layernorm.weight BF16 [32]");
    }

    [Fact]
    public void Open_WithATensorUnderTwoPrefixes_NamesBoth()
    {
        _directory.Write([.. _directory.Tensors(), new StoredTensor("model.norm.weight", "BF16", [32], new byte[64])]);

        var error = _directory.OpenFails();

        error.Message.ShouldContain("language_model.model.norm.weight");
        error.Message.ShouldContain("tensor model.norm.weight");
    }

    [Fact]
    public void Open_WithAWrongShape_NamesBothShapes()
    {
        _directory.Write(_directory.Tensors().Select(tensor => tensor.Name.EndsWith("1.feed_forward.experts.down_proj", StringComparison.Ordinal)
            ? tensor with { Shape = [4, 32, 16] }
            : tensor));

        var error = _directory.OpenFails();

        error.Subject.ShouldBe("tensor language_model.model.layers.1.feed_forward.experts.down_proj");
        error.Expected.ShouldContain("[4, 16, 32]");
        error.Found.ShouldBe("[4, 32, 16]");
    }

    [Fact]
    public void Open_WithATypeThatNothingComputesIn_NamesIt()
    {
        _directory.Write(_directory.Tensors().Select(tensor => tensor.Name.EndsWith("model.norm.weight", StringComparison.Ordinal)
            ? tensor with { Type = "I16" }
            : tensor));

        var error = _directory.OpenFails();

        error.Subject.ShouldBe("tensor language_model.model.norm.weight");
        error.Found.ShouldBe("I16");
    }

    [Fact]
    public void Open_OfATiedModel_NeedsNoOutputAndToleratesOne()
    {
        _directory.Config["tie_word_embeddings"] = true;
        var tensors = _directory.Tensors();
        tensors.ShouldNotContain(tensor => tensor.Name.EndsWith("lm_head.weight", StringComparison.Ordinal));
        _directory.Write(tensors);
        Checkpoint.Open(_directory.Path).Dispose();

        _directory.Write([.. tensors, new StoredTensor("language_model.lm_head.weight", "BF16", [64, 32], new byte[4096])]);
        Checkpoint.Open(_directory.Path).Dispose();
    }

    [Fact]
    public void Open_WithoutConfigOrDirectory_SaysSo()
    {
        _directory.WriteSafetensors("model.safetensors", _directory.Tensors());
        _directory.OpenFails().File.ShouldBe(_directory.FileOf("config.json"));

        Should.Throw<CheckpointException>(() => Checkpoint.Open(_directory.FileOf("nowhere"))).Found.ShouldBe("no such directory");
    }

    [Fact]
    public void Open_WithoutWeights_SaysWhichFilesItLooksFor()
    {
        _directory.WriteConfig();

        _directory.OpenFails().Expected.ShouldBe("model.safetensors or model.safetensors.index.json");
    }

    // ---- shards ----

    [Fact]
    public void Open_WithShards_FindsEveryTensorInItsFile()
    {
        Shard(tensor => tensor.Name.Contains("layers.1.", StringComparison.Ordinal) ? "b.safetensors" : "a.safetensors");

        using var checkpoint = Checkpoint.Open(_directory.Path);

        checkpoint["layers.1.feed_forward.router.weight"].File.ShouldBe(_directory.FileOf("b.safetensors"));
        checkpoint["norm.weight"].File.ShouldBe(_directory.FileOf("a.safetensors"));
    }

    [Fact]
    public void Open_WithAShardMissing_NamesIt()
    {
        Shard(tensor => tensor.Name.Contains("layers.1.", StringComparison.Ordinal) ? "b.safetensors" : "a.safetensors");
        File.Delete(_directory.FileOf("b.safetensors"));

        var error = _directory.OpenFails();

        error.File.ShouldBe(_directory.FileOf("model.safetensors.index.json"));
        error.Expected.ShouldContain("b.safetensors");
        error.Found.ShouldBe("no such file");
    }

    [Fact]
    public void Open_WhenTheIndexNamesATensorThatItsShardHasNot_NamesBoth()
    {
        var tensors = Shard(_ => "a.safetensors");
        _directory.WriteSafetensors("a.safetensors", tensors.Where(tensor => !tensor.Name.EndsWith("model.norm.weight", StringComparison.Ordinal)));

        var error = _directory.OpenFails();

        error.File.ShouldBe(_directory.FileOf("a.safetensors"));
        error.Subject.ShouldBe("tensor language_model.model.norm.weight");
    }

    [Fact]
    public void Open_WhenAShardHasATensorThatTheIndexNamesElsewhere_NamesIt()
    {
        var tensors = Shard(tensor => tensor.Name.Contains("layers.1.", StringComparison.Ordinal) ? "b.safetensors" : "a.safetensors");
        _directory.WriteSafetensors("a.safetensors", tensors);

        _directory.OpenFails().Subject.ShouldContain("layers.1.");
    }

    [Theory]
    [InlineData("../a.safetensors")]
    [InlineData("/etc/passwd")]
    [InlineData("sub/a.safetensors")]
    [InlineData("..")]
    [InlineData(".")]
    [InlineData("")]
    [InlineData("a\0.safetensors")]
    [InlineData("..\\a.safetensors")]
    public void Open_WhenTheIndexLeadsOutOfTheDirectory_RefusesIt(string file)
    {
        Shard(_ => "a.safetensors");
        _directory.WriteIndex([("language_model.model.norm.weight", file)]);

        var error = _directory.OpenFails();

        error.Subject.ShouldBe("tensor language_model.model.norm.weight");
        error.Expected.ShouldBe("the name of a file in the same directory");
    }

    [Theory]
    [InlineData("{", "readable JSON")]
    [InlineData("[]", "weight_map")]
    [InlineData("{}", "weight_map")]
    [InlineData("""{"weight_map":[]}""", "weight_map")]
    [InlineData("""{"weight_map":{}}""", "at least one tensor")]
    [InlineData("""{"weight_map":{"a":1}}""", "name of a file")]
    [InlineData("""{"weight_map":{"a":"a.safetensors","a":"a.safetensors"}}""", "one entry")]
    [InlineData("""{"weight_map":{"\ud800":"a.safetensors"}}""", "readable JSON")]
    public void Open_WithABrokenIndex_SaysWhatIsWrong(string index, string expected)
    {
        Shard(_ => "a.safetensors");
        File.WriteAllText(_directory.FileOf("model.safetensors.index.json"), index);

        var error = _directory.OpenFails();

        error.File.ShouldBe(_directory.FileOf("model.safetensors.index.json"));
        error.Message.ShouldContain(expected);
    }

    public void Dispose() => _directory.Dispose();

    private List<StoredTensor> Shard(Func<StoredTensor, string> fileOf)
    {
        var tensors = _directory.Tensors();
        _directory.WriteConfig();
        foreach (var shard in tensors.GroupBy(fileOf))
            _directory.WriteSafetensors(shard.Key, shard);
        _directory.WriteIndex(tensors.Select(tensor => (tensor.Name, fileOf(tensor))));
        return tensors;
    }
}
