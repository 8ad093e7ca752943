using System.Text;
using Llama4.Contracts;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Serialization;

namespace Llama4.Contracts.Tests.Fuzz;

/// <summary>
/// Bytes that no host of ours would send, through the serializer that reads those of a host: an exception and little memory, never a crash or a hang.
/// What was once wrong goes into the folder Corpus.
/// </summary>
[Collection(nameof(PooledPayload))]
public sealed class HostileMessageTests
{
    private const int Seed = 20261128;
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    private static readonly Serializer Serializer = new ServiceCollection()
        .AddSerializer(builder => builder.AddAssembly(typeof(Rows).Assembly)).AddHostLocal().BuildServiceProvider().GetRequiredService<Serializer>();

    /// <summary>Codecs are made at their first use: that is no message's doing, so it comes before the first is measured.</summary>
    static HostileMessageTests() => Record.Exception(() => Serializer.Deserialize<Rows>(Array.Empty<byte>())).ShouldNotBeNull();

    public static TheoryData<string> Types => [.. ContractSamples.Types.Select(type => type.Name)];

    public static TheoryData<string> Cases => [.. HostileBytes.Corpus("Llama4.Contracts.Tests", "Corpus").Select(one => one.Name)];

    [Fact]
    public void EveryContract_HasASample() => ContractSamples.Types.ShouldBeSubsetOf(ContractSamples.ByType.Keys);

    [Theory, MemberData(nameof(Types))]
    public async Task Contract_WhenDamaged_IsReadOrRefused(string type)
    {
        var good = Serializer.SerializeToArray(ContractSamples.ByType.Single(sample => sample.Key.Name == type).Value);
        await WithinLimit(() =>
        {
            foreach (var bytes in HostileBytes.Of(good, Seed, 2_000))
                Read<object>(bytes);
        });
    }

    [Fact]
    public async Task Rows_WhenDamaged_AreReadOrRefusedAndKeepNoBuffer()
    {
        using var rows = new Rows(RowsType.BF16, 3, 5, new[] { 1, 2, 3 }, new[] { 7, 8, 9 }, PooledPayload.Rent(30));
        var good = Serializer.SerializeToArray(rows);
        var before = PooledPayload.Outstanding;
        await WithinLimit(() =>
        {
            foreach (var bytes in HostileBytes.Of(good, Seed, 50_000))
            {
                Read<Rows>(bytes);
                PooledPayload.Outstanding.ShouldBe(before, HostileBytes.Hex(bytes));
            }
        });
    }

    [Theory, MemberData(nameof(Cases))]
    public void Case_OfTheCorpus_IsRefusedAndKeepsNoBuffer(string name)
    {
        var before = PooledPayload.Outstanding;
        Read<Rows>(HostileBytes.Corpus("Llama4.Contracts.Tests", "Corpus").Single(one => one.Name == name).Bytes).ShouldNotBeNull("it was read");
        PooledPayload.Outstanding.ShouldBe(before);
    }

    /// <summary>Types that exist here and would do something when they are made, or are no contract.</summary>
    [Theory]
    [InlineData("System.IO.FileInfo")]
    [InlineData("System.IO.FileInfo,System.Private.CoreLib")]
    [InlineData("System.Diagnostics.Process,System.Diagnostics.Process")]
    [InlineData("System.Collections.Generic.List`1[[System.IO.FileInfo]]")]
    [InlineData("Llama4.Contracts.HostLocalCodec,Llama4.Contracts")]
    [InlineData("NoSuchType")]
    [InlineData("")]
    public void Message_WhenItNamesAnotherType_IsRefused(string name)
    {
        var known = "llama4.HostUnreachableException"u8;
        var good = Serializer.SerializeToArray<object>(new HostUnreachableException("x"));
        var at = good.AsSpan().IndexOf(known);
        at.ShouldBeGreaterThan(0);
        good[at - 1].ShouldBe(OneByte(known.Length));

        var refusal = Read<object>([.. good[..(at - 1)], OneByte(name.Length), .. Encoding.UTF8.GetBytes(name), .. good[(at + known.Length)..]]);

        refusal.ShouldNotBeNull($"{name} was read");
    }

    /// <summary>A length in Orleans' variable form, below 128.</summary>
    private static byte OneByte(int length) => (byte)(length << 1 | 1);

    /// <summary>Why it was refused; null if it was read. Takes no more memory than a message of its length can need.</summary>
    private static Exception? Read<T>(byte[] message) where T : class
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        Exception? refusal = null;
        try
        {
            (Serializer.Deserialize<T>(message) as IDisposable)?.Dispose();
        }
        catch (Exception refused) when (refused is not OutOfMemoryException && (typeof(T) != typeof(Rows) || IsMeant(refused)))
        {
            refusal = refused;
        }
        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan(1_000_000 + 64L * message.Length, HostileBytes.Hex(message));
        return refusal;
    }

    /// <summary>Not by chance: an index past an array of ours is a mistake, while Orleans' own check of a length throws this too.</summary>
    private static bool IsMeant(Exception refused) =>
        refused is not (NullReferenceException or IndexOutOfRangeException) || refused.Message.StartsWith("Declared length", StringComparison.Ordinal);

    private static Task WithinLimit(Action work) => Task.Run(work).WaitAsync(Limit);
}
