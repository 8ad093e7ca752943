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

    /// <summary>Calls of a gateway to an engine: polls are held for 20 ms at most. Gateways themselves give up sooner.</summary>
    public const string Engine = "00:00:05";

    /// <summary>Calls of a client to a door: it waits for half a second at most.</summary>
    public const string Door = "00:00:01";

    /// <summary>A chat's body may have 8 MiB, over a line of 1 MB/s. Clients themselves give up sooner on shorter ones.</summary>
    public const string ChatStart = "00:00:10";

    /// <summary>The leader asks every host, and gives each a second.</summary>
    public const string Leader = "00:00:10";

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

/// <summary>A stage: carries rows through its layers and hands them to the next. Key: "replica/stage@host".</summary>
[Alias("llama4.ICoordinatorGrain")]
public interface ICoordinatorGrain : IGrainWithStringKey
{
    /// <summary>The first stage: runs one micro-batch through the whole model and draws the tokens of its sampling slices.</summary>
    /// <param name="step">Which rows.</param>
    /// <param name="draws">[step.LogitRows] how each token is drawn.</param>
    /// <param name="images">Rows that stand where <see cref="Rows.Ids"/> say, in place of the tokens' embeddings; disposed here. Null for none.</param>
    /// <returns>[step.LogitRows] the tokens.</returns>
    /// <exception cref="StaleEpochException">The step was made for another plan.</exception>
    [Alias("Run"), ResponseTimeout(Deadlines.Step)]
    ValueTask<DrawnToken[]> RunAsync(StepPlan step, TokenDraw[] draws, Rows? images);

    /// <summary>A later stage: goes on with what the stage before it has made of the rows.</summary>
    /// <param name="rows">[step.Rows] disposed here.</param>
    /// <inheritdoc cref="RunAsync"/>
    [Alias("Continue"), ResponseTimeout(Deadlines.Step)]
    ValueTask<DrawnToken[]> ContinueAsync(StepPlan step, TokenDraw[] draws, Rows rows);
}

/// <summary>One layer's norms, attention, KV, router and shared expert (or dense feed-forward). Key: "replica/layer@host". In its coordinator's host.</summary>
[Alias("llama4.IAttentionGrain")]
public interface IAttentionGrain : IGrainWithStringKey
{
    /// <summary>Makes the layer's KV pool, so that no step has to.</summary>
    [Alias("Prepare"), ResponseTimeout(Deadlines.Load)]
    ValueTask PrepareAsync();

    /// <summary>Attention with its residual, and on MoE layers the router's choice. Enqueued: the step's tensors may still be pending on return.</summary>
    [Alias("Attend"), ResponseTimeout(Deadlines.Step)]
    ValueTask AttendAsync(HostStep step);

    /// <summary>The shared expert (MoE layers) or the dense feed-forward, enqueued.</summary>
    [Alias("FeedForward"), ResponseTimeout(Deadlines.Step)]
    ValueTask FeedForwardAsync(HostStep step);

    /// <summary>Whole KV blocks for the host that has the layer by the next plan.</summary>
    /// <param name="epoch">Of the plan in force.</param>
    /// <param name="blocks">Block numbers.</param>
    /// <returns>[blocks, elements of a block] raw, as the device lays them out.</returns>
    /// <exception cref="StaleEpochException">Another plan is in force.</exception>
    [Alias("ReadKv"), ResponseTimeout(Deadlines.Engine)]
    ValueTask<Rows> ReadKvAsync(long epoch, int[] blocks);

    /// <summary>Copies blocks from the host that has the layer by the plan in force.</summary>
    /// <returns>Which memory they are in now: another one than before has none of what was copied before.</returns>
    /// <exception cref="StaleEpochException">Another plan is in force.</exception>
    [Alias("PullKv"), ResponseTimeout(Deadlines.Engine)]
    ValueTask<Guid> PullKvAsync(KvPull pull);

    /// <summary>No plan needs the layer here any more: its KV pool is let go.</summary>
    [Alias("Release"), ResponseTimeout(Deadlines.Load)]
    ValueTask ReleaseAsync();
}

/// <summary>Routed experts of one layer on one host: a pure function of rows, shared by all replicas. Key: "layer/group@host".</summary>
[Alias("llama4.IExpertGroupGrain")]
public interface IExpertGroupGrain : IGrainWithStringKey
{
    /// <summary>
    /// Runs each row through its expert. From another host: the answer holds new rows in the order of the question, consumed
    /// and disposed here. Inside a host the rows are device tensors, and the experts' results are enqueued into
    /// the question's own output tensor: the answer is the question.
    /// </summary>
    [Alias("Run"), ResponseTimeout(Deadlines.Step)]
    ValueTask<Rows> RunAsync(long epoch, Rows rows);

    /// <summary>As <see cref="RunAsync"/> for rows from another host, whose paths are asked for.</summary>
    /// <param name="spans">Null where none is to be recorded.</param>
    [Alias("RunTimed"), ResponseTimeout(Deadlines.Step)]
    ValueTask<TimedRows> RunTimedAsync(long epoch, Rows rows, QuestionSpans? spans);
}

/// <summary>Embedding, final norm, lm_head and sampling, for every replica that the plan sends here. Key: "0@host".</summary>
[Alias("llama4.IVocabularyGrain")]
public interface IVocabularyGrain : IGrainWithStringKey
{
    /// <summary>Looks up the embeddings of the step's tokens, enqueued. Inside a host.</summary>
    [Alias("Embed"), ResponseTimeout(Deadlines.Step)]
    ValueTask EmbedAsync(HostStep step);

    /// <summary>Logits of the step's logit rows, and one token for each. Inside a host.</summary>
    /// <exception cref="UnknownConstraintException">Draw again with the constraints' text.</exception>
    [Alias("Draw"), ResponseTimeout(Deadlines.Step)]
    ValueTask<DrawnToken[]> DrawAsync(HostStep step, TokenDraw[] draws);

    /// <summary>The embeddings of these tokens, for a first stage on another host.</summary>
    /// <param name="tokenIds">[rows].</param>
    [Alias("EmbedRows"), ResponseTimeout(Deadlines.Step)]
    ValueTask<Rows> EmbedRowsAsync(long epoch, int[] tokenIds);

    /// <summary>One token for each row, for a last stage on another host.</summary>
    /// <param name="rows">[draws] the last layer's output; disposed here.</param>
    /// <exception cref="UnknownConstraintException">Draw again with the constraints' text.</exception>
    [Alias("DrawRows"), ResponseTimeout(Deadlines.Step)]
    ValueTask<DrawnToken[]> DrawRowsAsync(long epoch, Rows rows, TokenDraw[] draws);

    /// <summary>
    /// Tells of a constraint before the first draw under it: it is compiled beside the steps, and draws need no more than its digest until it is forgotten.
    /// Asked again, it is not compiled again.
    /// </summary>
    /// <returns>Why it cannot be enforced, for people; null if it can.</returns>
    /// <exception cref="StaleEpochException">Another plan is in force.</exception>
    [Alias("Constrain"), ResponseTimeout(Deadlines.Engine)]
    ValueTask<string?> ConstrainAsync(long epoch, DecodingConstraint constraint);
}

/// <summary>
/// The vision tower, adapter and projector: tiles in, rows out. It keeps nothing of a request; what it made lately is kept by the tiles' digest.
/// It lives beside each vocabulary. Key: "0@host".
/// </summary>
[Alias("llama4.IVisionGrain")]
public interface IVisionGrain : IGrainWithStringKey
{
    /// <summary>The rows of one image.</summary>
    /// <returns>[image.Rows], in the order of the image's spans.</returns>
    /// <exception cref="StaleEpochException">Another plan is in force.</exception>
    /// <exception cref="ArgumentException">The model cannot take the image: no tower, levels of another size, or another number of rows.</exception>
    [Alias("Rows"), ResponseTimeout(Deadlines.Step)]
    ValueTask<Rows> RowsAsync(long epoch, RequestImage image);
}
