using Orleans;

namespace Llama4.Contracts;

/// <summary>How long a caller of a grain waits before it gives up: Orleans' own 30 s suit neither kind of call.</summary>
internal static class Deadlines
{
    /// <summary>
    /// One step, or the wait for its rows: the longest is a prefill chunk of 512 rows of Maverick on a few CPU cores,
    /// 17.4 TFLOP at some 40 GFLOP/s a core.
    /// </summary>
    public const string Step = "00:10:00";

    /// <summary>Loading one owner's part: 42 GB of experts (a Maverick layer) from a disk of 100 MB/s, and the plan's all together.</summary>
    public const string Load = "02:00:00";
}

/// <summary>
/// A micro-batch inside one host: its step plan and the device tensors that its layers share. Defined by Cluster; handed
/// from grain to grain of a host by reference.
/// </summary>
public abstract class HostStep : HostLocal
{
    public required StepPlan Plan { get; init; }
}

/// <summary>A stage: carries rows through its layers. Key: "replica/stage".</summary>
[Alias("llama4.ICoordinatorGrain")]
public interface ICoordinatorGrain : IGrainWithStringKey
{
    [Alias("Load"), ResponseTimeout(Deadlines.Load)]
    ValueTask LoadAsync(long epoch);

    /// <summary>Runs one micro-batch through the whole model and draws the tokens of its sampling slices.</summary>
    /// <param name="step">Which rows.</param>
    /// <param name="draws">[step.LogitRows] how each token is drawn.</param>
    /// <returns>[step.LogitRows] the tokens.</returns>
    /// <exception cref="StaleEpochException">The step was made for another plan.</exception>
    [Alias("Run"), ResponseTimeout(Deadlines.Step)]
    ValueTask<DrawnToken[]> RunAsync(StepPlan step, TokenDraw[] draws);
}

/// <summary>One layer's norms, attention, KV, router and shared expert (or dense feed-forward). Key: "replica/layer". In the coordinator's host.</summary>
[Alias("llama4.IAttentionGrain")]
public interface IAttentionGrain : IGrainWithStringKey
{
    /// <summary>Loads the layer's weights and makes its KV pool; returns when they are there.</summary>
    [Alias("Load"), ResponseTimeout(Deadlines.Load)]
    ValueTask LoadAsync(long epoch);

    /// <summary>Attention with its residual, and on MoE layers the router's choice. Enqueued: the step's tensors may still be pending on return.</summary>
    [Alias("Attend"), ResponseTimeout(Deadlines.Step)]
    ValueTask AttendAsync(HostStep step);

    /// <summary>The shared expert (MoE layers) or the dense feed-forward, enqueued.</summary>
    [Alias("FeedForward"), ResponseTimeout(Deadlines.Step)]
    ValueTask FeedForwardAsync(HostStep step);
}

/// <summary>Routed experts lo..hi of one layer: a pure function of rows, shared by all replicas. Key: "layer/group".</summary>
[Alias("llama4.IExpertGroupGrain")]
public interface IExpertGroupGrain : IGrainWithStringKey
{
    [Alias("Load"), ResponseTimeout(Deadlines.Load)]
    ValueTask LoadAsync(long epoch);

    /// <summary>
    /// Runs each row through its expert. From another host: the answer holds new rows in the order of the question, consumed
    /// and disposed here. Inside a host the rows are device tensors, and the experts' results are enqueued into
    /// the question's own output tensor: the answer is the question.
    /// </summary>
    [Alias("Run"), ResponseTimeout(Deadlines.Step)]
    ValueTask<Rows> RunAsync(long epoch, Rows rows);
}

/// <summary>Embedding, final norm, lm_head and sampling of one replica. Key: replica. In this release in the coordinator's host.</summary>
[Alias("llama4.IVocabularyGrain")]
public interface IVocabularyGrain : IGrainWithIntegerKey
{
    [Alias("Load"), ResponseTimeout(Deadlines.Load)]
    ValueTask LoadAsync(long epoch);

    /// <summary>Looks up the embeddings of the step's tokens, enqueued.</summary>
    [Alias("Embed"), ResponseTimeout(Deadlines.Step)]
    ValueTask EmbedAsync(HostStep step);

    /// <summary>Logits of the step's logit rows, and one token for each.</summary>
    [Alias("Draw"), ResponseTimeout(Deadlines.Step)]
    ValueTask<DrawnToken[]> DrawAsync(HostStep step, TokenDraw[] draws);
}

/// <summary>Publishes the placement plan and sees to it that every owner has loaded its part. Key: 0.</summary>
[Alias("llama4.IPlanGrain")]
public interface IPlanGrain : IGrainWithIntegerKey
{
    /// <summary>Makes the first plan over the hosts there are, has it loaded, and returns its epoch when all is ready.</summary>
    [Alias("Start"), ResponseTimeout(Deadlines.Load)]
    ValueTask<long> StartAsync();
}
