using Llama4.Model;

namespace Llama4.Server.Tests.Verbs;

public sealed class LogitsVerbTests
{
    /// <summary>Of the golden tensors' own RMS: tests/golden/README.md, "Tolerance policy".</summary>
    private const double Fp32Tolerance = 2e-4;

    [Theory]
    [InlineData("01-scout")]
    [InlineData("02-maverick")]
    public async Task Logits_InFp32WithLayers_AreTheGoldensUnderTheirNames(string goldenCase)
    {
        using var folder = new TestFolder();
        using var expected = SafetensorsFile.Open(Golden.Path(goldenCase, "expected.safetensors"));

        var run = await RunAsync(folder, goldenCase, expected, "--compute", "fp32", "--layers");

        (run.ExitCode, run.Output).ShouldBe((0, ""));
        run.Complaints.ShouldBeEmpty();
        using var file = SafetensorsFile.Open(folder["out.safetensors"]);
        var compared = expected.Tensors.Keys.Where(name => name == "logits" || name.StartsWith("layers.", StringComparison.Ordinal)).ToList();
        file.Tensors.Keys.Order().ShouldBe(compared.Order());
        foreach (var name in compared)
        {
            var (ours, theirs) = (file.Tensors[name], expected.Tensors[name]);
            ours.Shape.ShouldBe(theirs.Shape, name);
            ours.Type.ShouldBe(theirs.Type, name);
            if (theirs.Type == StoredType.I64)
            {
                ours.Read<long>(0, (int)ours.Elements).ShouldBe(theirs.Read<long>(0, (int)theirs.Elements), name);
            }
            else
            {
                Error(ours.ReadFloats(), theirs.ReadFloats()).Greatest.ShouldBeLessThan(Fp32Tolerance, name);
            }
        }
    }

    [Fact]
    public async Task Logits_InBf16_AreAsCloseAsTheReferencesOwnBf16Run()
    {
        using var folder = new TestFolder();
        using var expected = SafetensorsFile.Open(Golden.Path("01-scout", "expected.safetensors"));

        (await RunAsync(folder, "01-scout", expected)).ExitCode.ShouldBe(0);

        using var file = SafetensorsFile.Open(folder["out.safetensors"]);
        file.Tensors.Keys.ShouldBe(["logits"]);
        var exact = expected.Tensors["logits"].ReadFloats();
        var reference = Error(expected.Tensors["logits_bf16_run"].ReadFloats(), exact).Rms;
        var ours = Error(file.Tensors["logits"].ReadFloats(), exact).Rms;
        ours.ShouldBeInRange(reference / 10, 1.1 * reference); // far smaller would be no bf16 at all
    }

    [Theory]
    [InlineData("fp32")]
    [InlineData("bf16")]
    public async Task Logits_WithPixels_AreTheGoldensWithImageRows(string compute)
    {
        using var folder = new TestFolder();
        using var expected = SafetensorsFile.Open(Golden.Path("16-multimodal", "expected.safetensors"));

        var run = await RunAsync(folder, "16-multimodal", expected, "--pixels", Golden.Path("16-multimodal", "expected.safetensors"), "--compute", compute);

        (run.ExitCode, run.Output).ShouldBe((0, ""));
        run.Complaints.ShouldBeEmpty();
        using var file = SafetensorsFile.Open(folder["out.safetensors"]);
        file.Tensors.Keys.Order().ShouldBe(["image_rows", "logits"]);
        foreach (var name in file.Tensors.Keys)
        {
            file.Tensors[name].Type.ShouldBe(StoredType.F32, name);
            file.Tensors[name].Shape.ShouldBe(expected.Tensors[name].Shape, name);
            var error = Error(file.Tensors[name].ReadFloats(), expected.Tensors[name].ReadFloats());
            if (compute == "fp32")
            {
                error.Greatest.ShouldBeLessThan(Fp32Tolerance, name);
            }
            else
            {
                error.Rms.ShouldBeInRange(1e-3, 1.1 * 0.01494, name); // the reference's own: the case's hf_bf16_rms_error_over_logits_rms
            }
        }
    }

    [Theory]
    [InlineData("16-multimodal", "16-multimodal", "the prompt has 1 patch tokens (id 492), the images make 16 rows")]
    [InlineData("16-multimodal", "01-scout", "tensor pixel_values: expected F32, F16 or BF16 [tiles, 3, 56, 56] with at least one tile, found nothing")]
    [InlineData("11-tied", "16-multimodal", "key vision_config: expected the sizes of a vision tower, found nothing")]
    public async Task Logits_WithPixelsThatDoNotFit_SaysWhy(string model, string pixels, string message)
    {
        using var folder = new TestFolder();

        var run = await Llama4Run.OfAsync(
            "logits", "--model", Golden.Path(model), "--ids", folder.Write("ids.json", """{"ids":[1,492]}"""), "--pixels", Golden.Path(pixels, "expected.safetensors"), "--out", folder["out.safetensors"]);

        run.ShouldFailWith(CommandLine.Failure, message);
        File.Exists(folder["out.safetensors"]).ShouldBeFalse();
    }

    [Fact]
    public async Task Logits_OfAFileWithAByteOrderMark_AreThoseOfTheFileWithout()
    {
        using var folder = new TestFolder();
        var ids = folder.Write("ids.json", "\uFEFF{\"ids\":[1,2]}"); // as editors on Windows save it

        var run = await Llama4Run.OfAsync("logits", "--model", Golden.Path("11-tied"), "--ids", ids, "--out", folder["out.safetensors"]);

        run.ExitCode.ShouldBe(0);
        run.Complaints.ShouldBeEmpty();
        using var file = SafetensorsFile.Open(folder["out.safetensors"]);
        file.Tensors["logits"].Shape[0].ShouldBe(2);
    }

    [Fact]
    public async Task Logits_OfAMadeUpCheckpoint_NeedNoTokenizerAndSpanSeveralSteps()
    {
        using var folder = new TestFolder();
        (await Llama4Run.OfAsync("synth", "--shape", "scout", "--divide", "64", "--out", folder["model"])).ExitCode.ShouldBe(0);
        var ids = folder.Write("ids.json", $"{{\"ids\":[{string.Join(',', Enumerable.Range(0, 300))}]}}");

        var run = await Llama4Run.OfAsync("logits", "--model", folder["model"], "--ids", ids, "--out", folder["out.safetensors"], "--layers");

        run.ExitCode.ShouldBe(0, run.Error);
        using var file = SafetensorsFile.Open(folder["out.safetensors"]);
        file.Tensors["logits"].Shape.ShouldBe([300, 3200]);
        var logits = file.Tensors["logits"].ReadFloats();
        logits.ShouldAllBe(value => float.IsFinite(value));
        logits.Chunk(3200).Select(row => Array.IndexOf(row, row.Max())).Distinct().Count().ShouldBeGreaterThan(100);
        file.Tensors["layers.0.expert"].Read<long>(0, 300).Distinct().Count().ShouldBeGreaterThan(8);
    }

    [Theory]
    [InlineData("{\"ids\":[]}", "\"ids\": expected at least one id")]
    [InlineData("{\"ids\":[512]}", "\"ids\"[0]: expected an id below 512, found 512")]
    [InlineData("[1]", "expected an object with \"ids\", found an array")]
    [InlineData("", "ids.json: ")]
    public async Task Logits_OfWhatAreNoIds_NamesTheFile(string text, string message)
    {
        using var folder = new TestFolder();

        var run = await Llama4Run.OfAsync("logits", "--model", Golden.Path("01-scout"), "--ids", folder.Write("ids.json", text), "--out", folder["out.safetensors"]);

        run.ShouldFailWith(CommandLine.Failure, message);
        run.Error.ShouldContain("ids.json");
        File.Exists(folder["out.safetensors"]).ShouldBeFalse();
    }

    [Fact]
    public async Task Logits_InAnotherPrecision_IsAMistake() =>
        (await Llama4Run.OfAsync("logits", "--ids", "x", "--out", "y", "--compute", "fp16")).ShouldFailWith(CommandLine.Usage, "--compute: expected fp32 or bf16, found 'fp16'");

    private static Task<Llama4Run> RunAsync(TestFolder folder, string goldenCase, SafetensorsFile expected, params string[] options)
    {
        var ids = expected.Tensors["input_ids"];
        var file = folder.Write("ids.json", $"{{\"ids\":[{string.Join(',', ids.Read<long>(0, (int)ids.Elements))}]}}");
        return Llama4Run.OfAsync(["logits", "--model", Golden.Path(goldenCase), "--ids", file, "--out", folder["out.safetensors"], .. options]);
    }

    /// <summary>Errors as shares of the expected values' RMS.</summary>
    private static (double Greatest, double Rms) Error(float[] ours, float[] theirs)
    {
        ours.Length.ShouldBe(theirs.Length);
        var scale = Math.Sqrt(theirs.Average(v => (double)v * v));
        var errors = ours.Zip(theirs, (a, b) => (double)a - b).ToList();
        return (errors.Max(Math.Abs) / scale, Math.Sqrt(errors.Average(e => e * e)) / scale);
    }
}
