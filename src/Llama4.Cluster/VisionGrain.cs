using Llama4.Cluster.Hosting;
using Llama4.Cluster.Images;
using Llama4.Cluster.Placement;
using Llama4.Cluster.Steps;
using Llama4.Contracts;
using Llama4.Model;
using Orleans.Concurrency;
using Orleans.GrainDirectory;
using Orleans.Placement;

namespace Llama4.Cluster;

/// <summary>
/// Before step 2: a picture's rows. The tower stands beside each vocabulary, so its standbys are the vocabulary's; what it made lately is kept by digest.
/// <para>Reentrant: a picture that is asked for twice is made once. Pictures go through the tower one after the other, and between two batches of tiles
/// the device does what else is in its queue: nobody's answer stands still for a large picture.</para>
/// </summary>
[GrainType(GrainNames.Vision), OnHost, GrainDirectory(HostDirectory.Name), KeepAlive, Immovable, Reentrant]
internal sealed class VisionGrain(ModelHost host, PlanBoard board) : Grain, IVisionGrain
{
    private readonly KeptImages _kept = new(KeptImages.BytesMaxDefault);
    private readonly SemaphoreSlim _turn = new(1);

    public async ValueTask<Rows> RowsAsync(long epoch, RequestImage image)
    {
        board.Require(epoch, this);
        var tower = host.Weights.Vision ?? throw new ArgumentException("this model takes text only: its checkpoint has no vision tower", nameof(image));
        RequireImage(tower.Config, image);
        return await _kept.GetAsync(image.Digest, () => MakeAsync(tower, image));
    }

    private async Task<Rows> MakeAsync(VisionTower tower, RequestImage image)
    {
        await _turn.WaitAsync();
        try
        {
            using var rows = await tower.ForwardAsync(TilePixels.OfLevels(tower.Config, image.Levels));
            return await host.DownloadRowsAsync(rows);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>What comes from another host is not to make the tower read beside its levels.</summary>
    private static void RequireImage(VisionConfig vision, RequestImage image)
    {
        if (image.Tiles < 1 || image.Levels.LongLength != (long)image.Tiles * vision.PixelsOfTile)
            throw new ArgumentException($"expected {image.Tiles} tiles of {vision.PixelsOfTile} levels each, at least one, found {image.Levels.Length} levels", nameof(image));
        if (image.Rows != image.Tiles * vision.RowsOfTile)
            throw new ArgumentException($"expected places for {image.Tiles} tiles of {vision.RowsOfTile} rows each, found {image.Rows}", nameof(image));
    }
}
