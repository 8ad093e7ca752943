using Llama4.Contracts;
using Llama4.Server.Plan;

namespace Llama4.Server.Tests.Plan;

public sealed class HostListTests
{
    private const string Hosts = """
        devices:
          my-gpu:
            memory: 48GB
            bandwidth: 1TB/s
            bf16: 100TFLOPS
            link: 25Gb/s
            latency: 50us
            source: a test
        hosts:
          - name: center
            device: H100-80G
            roles: [engine, attention]
            zone: rack-1
          - name: worker
            device: my-gpu
            count: 11
            memory: 40GiB
            bandwidth: 900GB/s   # measured
            roles: experts
        """;

    [Fact]
    public void Read_OfCounts_NamesHostsSoThatTheySort()
    {
        var hosts = HostList.Read("2xH100-80G, 9xl40s-48g", DeviceTable.Known());

        hosts.Select(host => host.Capacity.Host.Name).ShouldBe(Enumerable.Range(0, 11).Select(i => $"host-{i:00}"));
        hosts.Select(host => host.Device).Distinct().ShouldBe(["H100-80G", "L40S-48G"]);
        HostList.Read("RTX-4090-24G", DeviceTable.Known()).ShouldHaveSingleItem().Capacity.Host.Name.ShouldBe("host-0");
    }

    [Fact]
    public void Read_OfAFile_TakesDevicesCountsAndWhatDiffers()
    {
        using var folder = new TestFolder();

        var hosts = HostList.Read(folder.Write("hosts.yaml", Hosts), DeviceTable.Known());

        hosts.Count.ShouldBe(12);
        var (center, worker) = (hosts[0].Capacity, hosts[1].Capacity);
        (center.Host.Name, center.Zone, center.Roles, center.Bytes).ShouldBe(("center", "rack-1", HostRoles.Engine | HostRoles.Attention, (long)80e9));
        (worker.Host.Name, worker.Zone, worker.Roles, worker.Bytes).ShouldBe(("worker-00", "", HostRoles.Experts, 40L << 30));
        (worker.Speed.ReadBytesPerS, worker.Speed.Bf16FlopsPerS, worker.Speed.Fp8FlopsPerS).ShouldBe((900e9, 100e12, 100e12));
        hosts[^1].Capacity.Host.Name.ShouldBe("worker-10");
    }

    [Theory]
    [InlineData("device: H100-80G", "device: H1000", ":11: hosts[0].device: expected one of H100-80G, ")]
    [InlineData("memory: 40GiB", "memory: much", ":17: hosts[1].memory: expected a size like 80GB, found 'much'")]
    [InlineData("count: 11", "cuont: 11", ":16: hosts[1].cuont: expected one of name, device, count,")]
    [InlineData("count: 11", "count: 0", ":16: hosts[1].count: expected 1 to 1024, found '0'")]
    [InlineData("roles: experts", "roles: expert", ":19: hosts[1].roles: expected any or some of engine, attention, experts, vocabulary, gateway, found 'expert'")]
    [InlineData("bf16: 100TFLOPS", "bf16: 100", ":5: devices.my-gpu.bf16: expected a rate like 989TFLOPS, found '100'")]
    [InlineData("link: 25Gb/s", "fp8: 1TFLOPS", ":3: devices.my-gpu.link: expected a value, found nothing")]
    [InlineData("name: center", "id: center", ":10: hosts[0].name: expected a value, found nothing")]
    [InlineData("name: worker", "name: [a, b]", ":14: hosts[1].name: expected a value, found a list")]
    [InlineData("zone: rack-1", "device: L40S-48G", ":13: file: expected YAML, found Duplicate key device")]
    [InlineData("hosts:", "machines:", ":1: hosts: expected a value, found nothing")]
    [InlineData("roles: [engine, attention]", "roles: [engine", ":12: file: expected YAML, found a list or mapping that does not end")]
    public void Read_OfAFileWithAMistake_NamesLineAndKey(string right, string wrong, string message)
    {
        using var folder = new TestFolder();
        var file = folder.Write("hosts.yaml", Hosts.Replace(right, wrong));

        var error = Should.Throw<YamlFileException>(() => HostList.Read(file, DeviceTable.Known()));

        error.Message.ShouldStartWith(file);
        error.Message.ShouldContain(message);
    }

    [Fact]
    public void Read_OfAFileWithANameTwice_NamesIt()
    {
        using var folder = new TestFolder();
        var file = folder.Write("hosts.yaml", "hosts:\n  - {name: a, device: H100-80G}\n  - {name: a, device: H100-80G}\n");

        Should.Throw<YamlFileException>(() => HostList.Read(file, DeviceTable.Known())).Message
            .ShouldEndWith(":3: hosts[1].name: expected a name that no other host has, found 'a'");
    }
}
