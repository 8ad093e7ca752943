using Llama4.Cluster.Images;
using Llama4.Contracts;

namespace Llama4.Cluster.Tests.Images;

/// <summary>Rows of pictures are made once and kept within a bound.</summary>
public class KeptImagesTests
{
    private const int Width = 8, RowBytes = 2 * Width;

    private readonly List<byte> _made = [];

    [Fact]
    public async Task Picture_AskedForTwiceAtOnce_IsMadeOnceAndEachGetsItsOwnRows()
    {
        var kept = new KeptImages(10 * RowBytes);
        var goOn = new TaskCompletionSource();

        var asked = new[] { GetAsync(kept, 1, goOn.Task), GetAsync(kept, 1, goOn.Task) };
        goOn.SetResult();

        (await Task.WhenAll(asked)).ShouldBe([1, 1]);
        (await GetAsync(kept, 1, Task.CompletedTask)).ShouldBe((byte)1);
        _made.ShouldBe([1]);
    }

    [Fact]
    public async Task Pictures_PastTheBound_GiveWayLeastRecentlyUsedFirst()
    {
        var kept = new KeptImages(2 * RowBytes);

        foreach (var picture in (byte[])[1, 2, 1, 3, 1, 2])
            (await GetAsync(kept, picture, Task.CompletedTask)).ShouldBe(picture);

        _made.ShouldBe([1, 2, 3, 2]);
    }

    [Fact]
    public async Task Picture_ThatFailed_IsMadeAnew()
    {
        var kept = new KeptImages(10 * RowBytes);

        await Should.ThrowAsync<IOException>(() => GetAsync(kept, 1, Task.FromException(new IOException("made to fail"))));

        (await GetAsync(kept, 1, Task.CompletedTask)).ShouldBe((byte)1);
    }

    /// <returns>The first byte of the rows: the picture's number.</returns>
    private async Task<byte> GetAsync(KeptImages kept, byte picture, Task goOn)
    {
        using var rows = await kept.GetAsync(new[] { picture }, async () =>
        {
            await goOn;
            _made.Add(picture);
            var payload = PooledPayload.Rent(RowBytes);
            payload.Span.Fill(picture);
            return new Rows(RowsType.BF16, 1, Width, default, default, payload);
        });
        return ((PooledPayload)rows.Payload).Span[0];
    }
}
