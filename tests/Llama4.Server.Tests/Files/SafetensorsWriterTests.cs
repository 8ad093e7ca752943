using System.Runtime.InteropServices;
using Llama4.Model;
using Llama4.Server.Files;

namespace Llama4.Server.Tests.Files;

public sealed class SafetensorsWriterTests
{
    private static readonly TensorLayout[] Layouts = [new("odd", StoredType.BF16, [3]), new("a", StoredType.F32, [2, 2]), new("b", StoredType.I64, [1])];

    [Fact]
    public void Pieces_WrittenInAnyOrder_AreReadBack()
    {
        using var folder = new TestFolder();
        using (var writer = new SafetensorsWriter(folder["x.safetensors"], Layouts))
        {
            writer.Write("b", 0, MemoryMarshal.AsBytes<long>([-5]));
            writer.Write("a", 8, MemoryMarshal.AsBytes<float>([3, 4]));
            writer.Write("odd", 0, MemoryMarshal.AsBytes<ushort>([1, 2, 3]));
            writer.Write("a", 0, MemoryMarshal.AsBytes<float>([1, 2]));
            writer.Commit();
        }

        using var file = SafetensorsFile.Open(folder["x.safetensors"]);
        file.Tensors["a"].ReadFloats().ShouldBe([1, 2, 3, 4]);
        file.Tensors["a"].Shape.ShouldBe([2, 2]);
        file.Tensors["b"].Read<long>(0, 1).ShouldBe([-5]);
        file.Tensors["odd"].Read<ushort>(0, 3).ShouldBe([(ushort)1, (ushort)2, (ushort)3]);
        Directory.GetFiles(folder.Path).Length.ShouldBe(1);
    }

    [Fact]
    public void File_ThatIsNotCommitted_LeavesWhatStoodThere()
    {
        using var folder = new TestFolder();
        var path = folder.Write("x.safetensors", "before");

        using (var writer = new SafetensorsWriter(path, Layouts))
        {
            writer.Write("b", 0, MemoryMarshal.AsBytes<long>([-5]));
            Should.Throw<InvalidOperationException>(writer.Commit).Message.ShouldContain("8 of 30 bytes");
        }

        File.ReadAllText(path).ShouldBe("before");
        Directory.GetFiles(folder.Path).Length.ShouldBe(1);
    }

    [Theory]
    [InlineData("/dev/there-is-no-such-device", "found a device")] // a real one would be lost, were this to fail
    [InlineData("/tmp", "found a folder")]
    public void File_WhereSomethingElseStands_IsRefusedBeforeAnythingIsWritten(string path, string found)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "names of Unix");

        Should.Throw<IOException>(() => new SafetensorsWriter(path, Layouts).Dispose()).Message.ShouldContain(found);

        File.Exists(path + ".part").ShouldBeFalse();
    }

    [Fact]
    public void Piece_ThatDoesNotFitItsTensor_IsRefused()
    {
        using var folder = new TestFolder();
        using var writer = new SafetensorsWriter(folder["x.safetensors"], Layouts);

        Should.Throw<ArgumentOutOfRangeException>(() => writer.Write("a", 12, MemoryMarshal.AsBytes<float>([3, 4])));
    }
}
