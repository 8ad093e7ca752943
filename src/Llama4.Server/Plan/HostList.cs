using System.Globalization;
using Llama4.Contracts;
using Llama4.Scheduling;
using Llama4.Server.Output;

namespace Llama4.Server.Plan;

/// <param name="Device">Its name, for people.</param>
/// <param name="Resource">What a pod asks Kubernetes for to have the device; null for a CPU.</param>
internal sealed record ListedHost(HostCapacity Capacity, string Device, string? Resource);

/// <summary>The hosts to plan for: counts of known devices, or a file.</summary>
internal static class HostList
{
    /// <summary>More than any cluster of this design: each host speaks with every other.</summary>
    private const int HostsMax = 1024;

    /// <param name="text">Like <c>8xH100-80G</c>, several with commas, or a file's name.</param>
    /// <exception cref="UsageException">It is neither.</exception>
    /// <exception cref="YamlFileException">The file says something that cannot be.</exception>
    public static IReadOnlyList<ListedHost> Read(string text, DeviceTable devices)
    {
        if (File.Exists(text))
        {
            return OfFile(YamlFields.Load(text), devices);
        }

        return text.EndsWith(".yaml", StringComparison.OrdinalIgnoreCase) || text.EndsWith(".yml", StringComparison.OrdinalIgnoreCase)
            ? throw new FileNotFoundException($"{text}: expected a file of hosts, found nothing")
            : OfCounts(text, devices);
    }

    private static List<ListedHost> OfCounts(string text, DeviceTable devices)
    {
        var found = new List<Device>();
        foreach (var part in text.Split(',', StringSplitOptions.TrimEntries))
        {
            var times = part.IndexOf('x', StringComparison.OrdinalIgnoreCase);
            var counted = times > 0 && part[..times].All(char.IsAsciiDigit);
            var count = 1;
            if (counted && (!int.TryParse(part[..times], NumberStyles.None, CultureInfo.InvariantCulture, out count) || count is < 1 or > HostsMax))
            {
                throw new UsageException($"--hosts: expected 1 to {HostsMax} hosts, found '{part}'");
            }

            var name = counted ? part[(times + 1)..].Trim() : part;
            var device = devices.Find(name) ?? throw new UsageException(
                $"--hosts: expected a file or a count and a device like 8xH100-80G, found '{part}'; known are {Names(devices)}");
            found.AddRange(Enumerable.Repeat(device, count));
        }

        if (found.Count > HostsMax)
        {
            throw new UsageException($"--hosts: expected 1 to {HostsMax} hosts, found {found.Count}");
        }

        return [.. found.Select((device, i) => new ListedHost(new HostCapacity(Numbered("host", i, found.Count), device.MemoryBytes) { Speed = device.Speed }, device.Name, device.Resource))];
    }

    private static List<ListedHost> OfFile(YamlFields file, DeviceTable devices)
    {
        if (file.Has("devices"))
        {
            devices.Add(file.Section("devices"));
        }

        var hosts = new List<ListedHost>();
        foreach (var fields in file.Sections("hosts"))
        {
            hosts.AddRange(Entry(fields, devices));
            if (hosts.Count > HostsMax || hosts.Select(host => host.Capacity.Host).Distinct().Count() < hosts.Count)
            {
                throw hosts.Count > HostsMax
                    ? file.Wrong("hosts", $"at most {HostsMax} hosts", "more")
                    : fields.Wrong("name", "a name that no other host has", $"'{fields.Text("name")}'");
            }
        }

        file.RefuseOthers();
        return hosts.Count > 0 ? hosts : throw file.Wrong("hosts", "at least one host", "none");
    }

    private static IEnumerable<ListedHost> Entry(YamlFields fields, DeviceTable devices)
    {
        var name = fields.Text("name");
        var device = fields.ValueOr<Device?>("device", null, (string text, out Device? value) => (value = devices.Find(text)) is not null, $"one of {Names(devices)}");
        var count = fields.ValueOr("count", 1, (string text, out int value) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value) && value is >= 1 and <= HostsMax, $"1 to {HostsMax}");
        var memory = device is null
            ? fields.Value<long>("memory", ByteSize.TryParse, "a size like 80GB (or a device)")
            : fields.ValueOr("memory", device.MemoryBytes, ByteSize.TryParse, "a size like 80GB");
        var capacity = new HostCapacity(new HostId(name), memory)
        {
            Speed = DeviceTable.ReadSpeed(fields, device?.Speed),
            Zone = fields.ValueOr("zone", "", (string text, out string value) => (value = text).Length > 0, "a name"),
            Roles = Roles(fields),
        };
        fields.RefuseOthers();
        var deviceName = device?.Name ?? "own";
        return count == 1
            ? [new ListedHost(capacity, deviceName, device?.Resource)]
            : Enumerable.Range(0, count).Select(i => new ListedHost(capacity with { Host = Numbered(name, i, count) }, deviceName, device?.Resource));
    }

    private static HostRoles Roles(YamlFields fields)
    {
        if (!fields.Has("roles"))
        {
            return HostRoles.Any;
        }

        var roles = HostRoles.None;
        foreach (var text in fields.Texts("roles").SelectMany(text => text.Split(',', StringSplitOptions.TrimEntries)))
        {
            roles |= text.ToLowerInvariant() switch
            {
                "any" => HostRoles.Any,
                "engine" => HostRoles.Engine,
                "attention" => HostRoles.Attention,
                "experts" => HostRoles.Experts,
                "vocabulary" => HostRoles.Vocabulary,
                "gateway" => HostRoles.Gateway,
                _ => throw fields.Wrong("roles", "any or some of engine, attention, experts, vocabulary, gateway", $"'{text}'"),
            };
        }

        return roles;
    }

    /// <summary>With as many digits as the last number has, so that names sort like numbers.</summary>
    private static HostId Numbered(string name, int number, int count) =>
        new($"{name}-{number.ToString(CultureInfo.InvariantCulture).PadLeft((count - 1).ToString(CultureInfo.InvariantCulture).Length, '0')}");

    private static string Names(DeviceTable devices) => string.Join(", ", devices.All.Select(device => device.Name));
}
