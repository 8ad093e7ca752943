using Llama4.Cluster.Spans;
using Llama4.Cluster.Traces;
using Llama4.Compute;
using Llama4.Contracts;
using Llama4.Model;

namespace Llama4.Cluster.Steps;

/// <summary>
/// A micro-batch on its way through the layers of one host. Its tensors may still be pending: grains enqueue on them and hand
/// the step on. The coordinator makes and disposes it; between two awaits of the coordinator one grain at a time sets a field.
/// </summary>
internal sealed class StepInHost : HostStep, IDisposable
{
    private bool _disposed;

    public required StepTensors Tensors { get; init; }

    /// <summary>[rows, hidden]: what the next layer reads.</summary>
    public Tensor? Hidden { get; set; }

    /// <summary>[rows, hidden]: the stream after attention, until the layer's output is made.</summary>
    public Tensor? Residual { get; set; }

    /// <summary>The router's choices, on MoE layers.</summary>
    public RouterOutput? Routing { get; set; }

    /// <summary>[rows, hidden]: where every row's routed expert writes.</summary>
    public Tensor? Routed { get; set; }

    /// <summary>[rows, hidden]: the shared expert's result.</summary>
    public Tensor? Shared { get; set; }

    /// <summary>Null where nobody asks for a row's path.</summary>
    public StepTrace? Trace { get; init; }

    /// <summary>Ended when the stage is done with the step; null where nobody records any.</summary>
    public StageSpans? Spans { get; init; }

    /// <summary>Null where nobody watches what routers choose.</summary>
    public StepChoices? Choices { get; init; }

    public int Rows => Plan.Rows;

    /// <summary>The layer is enqueued: what it needed goes back to the device's pool, its output is the next layer's input.</summary>
    public void EndLayer(Tensor output)
    {
        DisposeLayer();
        Hidden = output;
    }

    public void Dispose()
    {
        DisposeLayer();
        if (!_disposed)
        {
            Tensors.Dispose();
            Trace?.Dispose();
            Choices?.Dispose();
            Spans?.Dispose();
        }
        _disposed = true;
    }

    private void DisposeLayer()
    {
        Hidden?.Dispose();
        Residual?.Dispose();
        Routing?.Dispose();
        Routed?.Dispose();
        Shared?.Dispose();
        (Hidden, Residual, Routing, Routed, Shared) = (null, null, null, null, null);
    }
}
