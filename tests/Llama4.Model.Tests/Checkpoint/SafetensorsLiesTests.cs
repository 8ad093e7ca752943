using CsCheck;

namespace Llama4.Model.Tests;

/// <summary>Files whose header lies: each is refused with one error that names file, tensor, expected and found.</summary>
public sealed class SafetensorsLiesTests : IDisposable
{
    private readonly ModelDirectory _directory = new();

    [Theory]
    [InlineData("an overlap", """{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}""", 12, "tensor b", "overlap")]
    [InlineData("a tensor twice in the same bytes", """{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", 8, "tensor b", "overlap")]
    [InlineData("a hole", """{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}}""", 12, "tensor b", "hole")]
    [InlineData("bytes after the last tensor", """{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 5, "data", "5 bytes")]
    [InlineData("offsets past the end", """{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}""", 12, "tensor a", "0..16")]
    [InlineData("offsets near 2^63", """{"a":{"dtype":"U8","shape":[9223372036854775807],"data_offsets":[0,9223372036854775807]}}""", 4, "tensor a", "9223372036854775807")]
    [InlineData("offsets in the wrong order", """{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}""", 4, "tensor a", "[4, 0]")]
    [InlineData("negative offsets", """{"a":{"dtype":"F32","shape":[1],"data_offsets":[-4,0]}}""", 4, "tensor a", "-4")]
    [InlineData("three offsets", """{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,2,4]}}""", 4, "tensor a", "[0, 2, 4]")]
    [InlineData("another size than the dtype's", """{"a":{"dtype":"BF16","shape":[2],"data_offsets":[0,8]}}""", 8, "tensor a", "8 (data_offsets 0..8)")]
    [InlineData("a shape past 2^63 bytes", """{"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,4]}}""", 4, "tensor a", "4294967296")]
    [InlineData("a negative size", """{"a":{"dtype":"F32","shape":[-1,-1],"data_offsets":[0,4]}}""", 4, "tensor a", "-1")]
    [InlineData("a size that is no whole number", """{"a":{"dtype":"F32","shape":[1.5],"data_offsets":[0,4]}}""", 4, "tensor a", "1.5")]
    [InlineData("a shape that is no list", """{"a":{"dtype":"F32","shape":1,"data_offsets":[0,4]}}""", 4, "tensor a", "1")]
    [InlineData("an unknown dtype", """{"a":{"dtype":"F99","shape":[1],"data_offsets":[0,4]}}""", 4, "tensor a", "F99")]
    [InlineData("a dtype that is a number", """{"a":{"dtype":12,"shape":[1],"data_offsets":[0,4]}}""", 4, "tensor a", "12")]
    [InlineData("no dtype", """{"a":{"shape":[1],"data_offsets":[0,4]}}""", 4, "tensor a", "none")]
    [InlineData("two dtypes", """{"a":{"dtype":"F32","dtype":"I32","shape":[1],"data_offsets":[0,4]}}""", 4, "tensor a", "2")]
    [InlineData("a tensor that is a list", """{"a":[1]}""", 4, "tensor a", "[1]")]
    [InlineData("duplicate names", """{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", 8, "tensor a", "two")]
    [InlineData("metadata that is no object of strings", """{"__metadata__":{"format":1}}""", 0, "__metadata__", "1")]
    [InlineData("a list", "[]", 0, "header", "Array")]
    [InlineData("no JSON", "{", 0, "header", "")]
    [InlineData("half a surrogate pair as a name", """{"\ud800":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 4, "header", "")]
    public void Open_OfAFileWith_FailsWithOneError(string lie, string header, int dataBytes, string subject, string found)
    {
        var path = _directory.WriteRaw("lie.safetensors", header, new byte[dataBytes]);

        var error = Should.Throw<CheckpointException>(() => SafetensorsFile.Open(path).Dispose(), lie);

        error.File.ShouldBe(path);
        error.Subject.ShouldBe(subject, lie);
        error.Found.ShouldContain(found, customMessage: lie);
        error.Expected.ShouldNotBeEmpty();
    }

    [Theory]
    [InlineData(2_000_000_000UL, "2000000000")]
    [InlineData(ulong.MaxValue, "18446744073709551615")]
    [InlineData(1UL << 63, "9223372036854775808")]
    [InlineData(1000UL, "6 bytes to the end")]
    public void Open_WithAHeaderLengthThatLies_FailsWithoutAllocatingIt(ulong length, string found)
    {
        var path = _directory.WriteRaw("lie.safetensors", "{}    ", [], length);
        var before = GC.GetAllocatedBytesForCurrentThread();

        var error = Should.Throw<CheckpointException>(() => SafetensorsFile.Open(path).Dispose());

        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan(1_000_000);
        error.Subject.ShouldBe("header");
        error.Found.ShouldContain(found);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(7)]
    [InlineData(8)]
    [InlineData(60)]
    public void Open_OfAFileCutShort_Fails(int bytes)
    {
        var path = _directory.WriteRaw("lie.safetensors", """{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}""", new byte[16]);
        File.WriteAllBytes(path, File.ReadAllBytes(path)[..bytes]);

        Should.Throw<CheckpointException>(() => SafetensorsFile.Open(path).Dispose()).File.ShouldBe(path);
    }

    [Fact]
    public void Open_OfDeeplyNestedJson_Fails()
    {
        var path = _directory.WriteRaw("lie.safetensors", """{"a":""" + new string('[', 500_000), []);

        Should.Throw<CheckpointException>(() => SafetensorsFile.Open(path).Dispose()).Subject.ShouldBe("header");
    }

    /// <summary>One byte of a right file changed, anywhere in the header: it is read as something consistent, or refused with the one kind of error.</summary>
    [Fact]
    public void Open_OfAFileWithAChangedByte_IsConsistentOrRefused()
    {
        var path = _directory.WriteRaw(
            "changed.safetensors",
            """{"__metadata__":{"format":"pt"},"a":{"dtype":"BF16","shape":[2,3],"data_offsets":[0,12]},"b":{"dtype":"F32","shape":[1],"data_offsets":[12,16]}}""",
            new byte[16]);
        var right = File.ReadAllBytes(path);
        Gen.Select(Gen.Int[0, right.Length - 17], Gen.Byte).Sample(
            (position, value) =>
            {
                var changed = right.ToArray();
                changed[position] = value;
                File.WriteAllBytes(path, changed);
                try
                {
                    using var file = SafetensorsFile.Open(path);
                    foreach (var tensor in file.Tensors.Values)
                        tensor.Bytes.ShouldBe(tensor.Shape.Aggregate(1L, (product, size) => product * size) * tensor.Type.Bytes());
                    file.Tensors.Values.Sum(tensor => tensor.Bytes).ShouldBe(16);
                }
                catch (CheckpointException error)
                {
                    error.File.ShouldBe(path);
                }
            },
            iter: 2000,
            threads: 1);
    }

    public void Dispose() => _directory.Dispose();
}
