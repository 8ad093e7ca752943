using System.Diagnostics;
using Llama4.Cluster.Calls;
using Llama4.Cluster.Experts;
using Llama4.Cluster.Hosting;
using Llama4.Cluster.Pipeline;
using Llama4.Cluster.Placement;
using Llama4.Cluster.Spans;
using Llama4.Cluster.Steps;
using Llama4.Cluster.Traces;
using Llama4.Compute;
using Llama4.Contracts;
using Orleans.Concurrency;
using Orleans.GrainDirectory;
using Orleans.Placement;

namespace Llama4.Cluster;

/// <summary>
/// Step 4: a stage. It carries the rows of a micro-batch through its layers and hands them to the next stage; the last one has the tokens
/// drawn. The only place that knows the route.
/// <para>Reentrant: several micro-batches are inside at once, each with a step of its own; the route is that of the plan in force, and
/// a step made for another plan is refused.</para>
/// </summary>
[GrainType(GrainNames.Coordinator), OnHost, GrainDirectory(HostDirectory.Name), KeepAlive, Immovable, Reentrant]
internal sealed class CoordinatorGrain(
    ModelHost host, PlanBoard board, RemoteCalls remote, ExpertCalls calls, ExpertCounts counts, RoutedTokens routed) : Grain, ICoordinatorGrain
{
    private readonly StageDoor _door = new();
    private StageRoute? _route;

    public async ValueTask<DrawnToken[]> RunAsync(StepPlan step, TokenDraw[] draws, Rows? images)
    {
        using var given = images;
        var route = RouteFor(step.Epoch);
        using var inHost = Begin(route, step, draws);
        if (route.IsVocabularyHere)
        {
            await route.Vocabulary.EmbedAsync(inHost);
        }
        else
        {
            using var rows = await remote.WatchAsync(route.VocabularyHost, step.Epoch, null, route.Vocabulary.EmbedRowsAsync(step.Epoch, step.TokenIds).AsTask());
            inHost.Hidden = TakeRows(rows, step);
        }
        if (images is not null)
            PutImages(images, inHost);
        return await RunLayersAsync(route, inHost, draws);
    }

    public async ValueTask<DrawnToken[]> ContinueAsync(StepPlan step, TokenDraw[] draws, Rows rows)
    {
        StageRoute route;
        StepInHost inHost;
        using (rows)
        {
            route = RouteFor(step.Epoch);
            inHost = Begin(route, step, draws);
            inHost.Hidden = TakeRows(rows, step);
        }
        using (inHost)
            return await RunLayersAsync(route, inHost, draws);
    }

    private StepInHost Begin(StageRoute route, StepPlan step, TokenDraw[] draws)
    {
        var spans = StageSpans.Of(step, host.Id, route.FirstLayer, route.Layers.Length);
        return new StepInHost
        {
            Plan = step,
            Tensors = host.Uploader.Upload(step),
            Trace = StepTrace.Of(step, draws, host, route.Layers, spans),
            Choices = routed.Begin(route.RoutedLayers, step.Rows),
            Spans = spans,
        };
    }

    private ValueTask<DrawnToken[]> RunLayersAsync(StageRoute route, StepInHost step, TokenDraw[] draws) =>
        step.Trace is { } trace ? RunTracedAsync(route, step, draws, trace) : PassLayersAsync(route, step, draws);

    private async ValueTask<DrawnToken[]> RunTracedAsync(StageRoute route, StepInHost step, TokenDraw[] draws, StepTrace trace) =>
        await trace.AddAsync(await PassLayersAsync(route, step, draws));

    private async ValueTask<DrawnToken[]> PassLayersAsync(StageRoute route, StepInHost step, TokenDraw[] draws)
    {
        var most = StageDoor.Most(step.Plan.MicroBatches, route.Stages);
        var number = (step.Plan.Epoch, step.Plan.Step);
        await _door.EnterAsync(number, step.Plan.Awaited, most);
        try
        {
            step.Trace?.Start();
            foreach (var layer in route.Layers)
            {
                await layer.Attention.AttendAsync(step);
                await layer.RunAsync(step);
            }
            step.Trace?.End();
            step.Choices?.End();
        }
        finally
        {
            _door.Leave(number, most);
        }
        if (route.Next is { } next)
            return await HandOverAsync(next, route.NextHost, step, draws);
        if (draws.Length > 0)
            return route.IsVocabularyHere ? await DrawHereAsync(route, step, draws) : await DrawElsewhereAsync(route, step, draws);
        // Nothing is drawn from a prefill chunk in mid prompt, but the engine's window must not run ahead of the device.
        await host.Device.SynchronizeAsync();
        return [];
    }

    private async ValueTask<DrawnToken[]> HandOverAsync(ICoordinatorGrain next, HostId to, StepInHost step, TokenDraw[] draws)
    {
        var rows = await host.DownloadRowsAsync(step.Hidden!);
        var (plan, isTraced, sent) = (step.Plan, step.Trace is not null, Stopwatch.GetTimestamp());
        step.Dispose(); // this stage is done with it; what is on its way through the others holds no memory here
        var drawn = await remote.WatchAsync(to, plan.Epoch, rows, next.ContinueAsync(plan, draws, rows).AsTask());
        if (isTraced)
            StageTimes.Tell(drawn, Stopwatch.GetElapsedTime(sent));
        return drawn;
    }

    private ValueTask<DrawnToken[]> DrawHereAsync(StageRoute route, StepInHost step, TokenDraw[] draws) =>
        DrawSpans.Of(draws, host.Id) is { } spans ? DrawHereAsync(route, step, draws, spans) : route.Vocabulary.DrawAsync(step, draws);

    private static async ValueTask<DrawnToken[]> DrawHereAsync(StageRoute route, StepInHost step, TokenDraw[] draws, List<Activity> spans)
    {
        var drawn = await route.Vocabulary.DrawAsync(step, draws);
        spans.End(step.Trace is { } trace ? await trace.DoneAsync() : null);
        return drawn;
    }

    /// <summary>Only the rows that a token is drawn from travel.</summary>
    private async ValueTask<DrawnToken[]> DrawElsewhereAsync(StageRoute route, StepInHost step, TokenDraw[] draws)
    {
        using var last = host.Device.Rent(step.Hidden!.DType, draws.Length, step.Hidden.Width);
        host.Device.GatherRows(step.Hidden, step.Tensors.LogitRows!, last);
        var rows = await host.DownloadRowsAsync(last);
        return await remote.WatchAsync(
            route.VocabularyHost, step.Plan.Epoch, rows, route.Vocabulary.DrawRowsAsync(step.Plan.Epoch, rows, draws).AsTask());
    }

    private Tensor TakeRows(Rows rows, StepPlan step) => rows.Count == step.Rows
        ? host.UploadRows(rows, this)
        : throw new RowsFormatException($"{this}: expected the {step.Rows} rows of step {step.Step}, found {rows.Count}");

    /// <summary>Rows of pictures take the places of their tokens' embeddings.</summary>
    /// <exception cref="RowsFormatException">Some row has no place among the step's.</exception>
    private void PutImages(Rows images, StepInHost step)
    {
        if (images.Ids.Length != images.Count || images.Ids.Span.ContainsAnyExceptInRange(0, step.Rows - 1))
            throw new RowsFormatException($"{this}: expected {images.Count} rows of pictures, each for one of the {step.Rows} rows of step {step.Plan.Step}, found places [{string.Join(", ", images.Ids.ToArray().Take(8))}...] ({images.Ids.Length})");
        using var rows = host.UploadRows(images, this);
        using var places = host.Device.Rent(DType.I32, images.Count, 1);
        host.Device.Upload(images.Ids.Span, places);
        host.Device.ScatterRows(rows, places, step.Hidden!);
    }

    private StageRoute RouteFor(long epoch)
    {
        var plan = board.Require(epoch, this);
        if (_route?.Epoch != epoch)
        {
            var (replica, stage) = GrainNames.Split(this.GetPrimaryKeyString());
            _route = new StageRoute(plan, replica, stage, host, board, GrainFactory, calls, counts);
        }
        return _route;
    }
}
