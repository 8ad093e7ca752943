using Llama4.Scheduling;
using Llama4.Server.Output;

namespace Llama4.Server.Plan;

/// <param name="Source">Where the figures are from.</param>
/// <param name="Resource">What a pod asks Kubernetes for to have one, like nvidia.com/gpu; null for a CPU.</param>
internal sealed record Device(string Name, long MemoryBytes, HostSpeed Speed, string Source, string? Resource);

/// <summary>Devices by name: those of <c>devices.yaml</c>, and entries of one's own, which come first.</summary>
internal sealed class DeviceTable
{
    private readonly Dictionary<string, Device> _devices = new(StringComparer.OrdinalIgnoreCase);

    public IEnumerable<Device> All => _devices.Values;

    /// <summary>The devices that need no file.</summary>
    public static DeviceTable Known()
    {
        using var stream = typeof(DeviceTable).Assembly.GetManifestResourceStream("Llama4.Server.Plan.devices.yaml")!;
        using var reader = new StreamReader(stream);
        var table = new DeviceTable();
        table.Add(YamlFields.Parse("devices.yaml", reader.ReadToEnd()));
        return table;
    }

    /// <summary>Adds a device for each key.</summary>
    /// <exception cref="YamlFileException">An entry lacks a figure or has one that is none.</exception>
    public void Add(YamlFields entries)
    {
        foreach (var name in entries.Keys)
        {
            var fields = entries.Section(name);
            var device = new Device(name, fields.Value<long>("memory", ByteSize.TryParse, "a size like 80GB"), ReadSpeed(fields, null), fields.Text("source"), fields.Has("resource") ? fields.Text("resource") : null);
            fields.RefuseOthers();
            _devices[name] = device;
        }
    }

    /// <summary>Null where there is none of this name.</summary>
    public Device? Find(string name) => _devices.GetValueOrDefault(name);

    /// <summary>What a device does, or how a host differs from its device.</summary>
    /// <param name="standard">For what is left out; null where nothing may be, but fp8: without it its products run at the bf16 rate.</param>
    public static HostSpeed ReadSpeed(YamlFields fields, HostSpeed? standard)
    {
        var bf16 = Rate("bf16", standard?.Bf16FlopsPerS, Quantity.TryFlops, "a rate like 989TFLOPS");
        return new HostSpeed(
            Rate("bandwidth", standard?.ReadBytesPerS, Quantity.TryBandwidth, "a bandwidth like 3.35TB/s"),
            bf16,
            Rate("fp8", standard?.Fp8FlopsPerS ?? bf16, Quantity.TryFlops, "a rate like 1979TFLOPS"),
            Rate("link", standard?.LinkBytesPerS, Quantity.TryLink, "a link like 400Gb/s"),
            Rate("latency", standard?.LinkLatencyS, Quantity.TryTime, "a time like 30us"));

        double Rate(string key, double? otherwise, TryParse<double> parse, string expected) =>
            otherwise is { } value ? fields.ValueOr(key, value, parse, expected) : fields.Value(key, parse, expected);
    }
}
