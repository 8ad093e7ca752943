using System.Diagnostics;
using Llama4.Cluster.Spans;
using Llama4.Contracts;

namespace Llama4.Telemetry.Tests.Traces;

/// <summary>Layers of a step that failed: experts elsewhere have sent what is below them.</summary>
[Collection(nameof(Listeners))]
public class GivenUpLayersTests
{
    private static readonly HostId Self = new("self");
    private static readonly SpanParent Stage = new("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", null);

    private readonly List<Activity> _ended = [];

    [Theory]
    [InlineData(true, new[] { "7 experts", "5 layer" })]
    [InlineData(false, new[] { "5 layer" })]
    public void Layer_WhoseTimesNobodyReads_IsSentAsAnError(bool isMoe, string[] names)
    {
        using var listener = OffTests.Listen();
        listener.ActivityStopped = _ended.Add;

        LayerSpans.Of(Stage, isMoe).ShouldNotBeNull().GiveUp(3, Self);

        _ended.Select(span => span.OperationName).ShouldBe(names);
        _ended.ShouldAllBe(span => span.Status == ActivityStatusCode.Error && span.StatusDescription == "the step was given up");
        _ended.ShouldAllBe(span => (int)span.GetTagItem(SpanTags.Layer)! == 3 && (string)span.GetTagItem(SpanTags.Host)! == "self");
        _ended[^1].ParentId.ShouldBe(Stage.Id);
    }

    [Fact]
    public void Layer_ThatHasEnded_StaysAsItIs()
    {
        using var listener = OffTests.Listen();
        listener.ActivityStopped = _ended.Add;
        var layer = LayerSpans.Of(Stage, isMoe: false).ShouldNotBeNull();
        var start = DateTime.UtcNow;
        layer.End(new TokenHop(3, Self, 1, 1, null), start, start.AddMicroseconds(1), start.AddMicroseconds(2), local: null, rows: 1, expertRows: 0, merged: 0);

        layer.GiveUp(3, Self);

        _ended.Select(span => span.OperationName).ShouldBe(["6 attention", "5 layer"]);
        _ended.ShouldAllBe(span => span.Status == ActivityStatusCode.Unset);
    }
}
