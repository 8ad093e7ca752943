using Llama4.Cluster.Calls;
using Llama4.Cluster.Engine;
using Llama4.Cluster.Placement;
using Llama4.Contracts;

namespace Llama4.Cluster.Images;

/// <summary>
/// The rows of the pictures of one engine's open requests, in host memory from before a request comes to its first step until it ends: keys and values
/// that are lost are computed again from them, wherever the tower is by then. One caller at a time; its awaits interleave.
/// </summary>
internal sealed class RequestImages(int replica, PlanBoard board, RemoteCalls remote, IGrainFactory grains, TimeProvider clock)
{
    /// <summary>Rows that all open requests together may hold: 671 MB for Scout, 26 pictures of 17 tiles.</summary>
    public const int RowsMax = 1 << 16;

    private readonly Dictionary<Guid, Rows[]> _held = [];
    private readonly Dictionary<Guid, int> _asked = [];
    private int _rows;

    /// <summary>Why a request cannot be taken in now; null if it can.</summary>
    public SubmitResult? Refusal(GenerateRequest request, int retryAfterSeconds)
    {
        var rows = request.Images.Sum(image => (long)image.Rows);
        return rows == 0 || _rows + rows <= RowsMax ? null
            : new SubmitResult(SubmitStatus.QueueFull, $"Pictures of open requests hold {_rows} rows, these need {rows}; together they may have {RowsMax}.", retryAfterSeconds);
    }

    /// <summary>Has the rows made. They are held until <see cref="Release"/>, also by one that comes before this ends.</summary>
    /// <param name="request">The engine's name for it.</param>
    /// <returns>False if the request was released meanwhile.</returns>
    /// <exception cref="Exception">The tower refuses a picture, or none answered within <see cref="HostFailures.Limit"/>.</exception>
    public async Task<bool> HoldAsync(Guid request, RequestImage[] images)
    {
        _asked.Add(request, images.Sum(image => image.Rows));
        _rows += _asked[request];
        var made = new List<Rows>();
        try
        {
            foreach (var image in images)
            {
                made.Add(await MakeAsync(image));
                if (!_asked.ContainsKey(request))
                    return false;
            }
            _held.Add(request, [.. made]);
            made.Clear();
            return true;
        }
        finally
        {
            made.ForEach(rows => rows.Dispose());
        }
    }

    /// <summary>The request has ended.</summary>
    public void Release(Guid request)
    {
        if (_asked.Remove(request, out var rows))
            _rows -= rows;
        if (_held.Remove(request, out var held))
            Array.ForEach(held, rows => rows.Dispose());
    }

    /// <summary>[images] of a request; borrowed until it ends.</summary>
    public Rows[] Of(Guid request) => _held[request];

    /// <summary>A tower whose host is lost is asked again where the next plan has it.</summary>
    private async Task<Rows> MakeAsync(RequestImage image)
    {
        var started = clock.GetTimestamp();
        while (true)
        {
            try
            {
                var plan = board.Current!;
                var host = plan.Replicas[replica].Vocabulary;
                return await remote.WatchAsync(host, plan.Epoch, null, grains.GetVision(host).RowsAsync(plan.Epoch, image).AsTask());
            }
            catch (Exception failure) when (HostFailures.Is(failure) && clock.GetElapsedTime(started) < HostFailures.Limit)
            {
                await Task.Delay(HostFailures.Pause, clock);
            }
        }
    }
}
