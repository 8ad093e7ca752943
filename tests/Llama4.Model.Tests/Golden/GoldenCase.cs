using System.Text.Json;

namespace Llama4.Model.Tests;

/// <summary>A folder of tests/golden: a checkpoint, the reference implementation's values, and their tolerances.</summary>
internal sealed class GoldenCase : IDisposable
{
    private readonly SafetensorsFile _expected;
    private readonly JsonDocument _case;
    private Checkpoint? _checkpoint;

    public GoldenCase(string name)
    {
        Directory = Path.Combine(Root, name);
        _expected = SafetensorsFile.Open(Path.Combine(Directory, "expected.safetensors"));
        _case = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Directory, "case.json")));
    }

    public static string Root { get; } = FindRoot();

    public string Directory { get; }

    public JsonElement Case => _case.RootElement;

    public Checkpoint Checkpoint => _checkpoint ??= Checkpoint.Open(Directory);

    public int[] Ids(string name) => Array.ConvertAll(Longs(name), id => (int)id);

    public bool Has(string name) => _expected.Tensors.ContainsKey(name);

    public long[] Longs(string name) => _expected.Tensors[name].Read<long>(0, (int)_expected.Tensors[name].Elements);

    public double[] Doubles(string name) => _expected.Tensors[name].Read<double>(0, (int)_expected.Tensors[name].Elements);

    public ushort[] Bits16(string name) => _expected.Tensors[name].Read<ushort>(0, (int)_expected.Tensors[name].Elements);

    public float[] Floats(string name) => _expected.Tensors[name].ReadFloats();

    /// <summary>A tensor as rows of its last dimension.</summary>
    public float[][] Rows(string name) => [.. Floats(name).Chunk((int)_expected.Tensors[name].Shape[^1])];

    public void Dispose()
    {
        _checkpoint?.Dispose();
        _expected.Dispose();
        _case.Dispose();
    }

    private static string FindRoot()
    {
        for (var directory = new DirectoryInfo(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
        {
            var golden = Path.Combine(directory.FullName, "tests", "golden");
            if (System.IO.Directory.Exists(golden))
                return golden;
        }
        throw new DirectoryNotFoundException($"no tests/golden above {AppContext.BaseDirectory}");
    }
}
