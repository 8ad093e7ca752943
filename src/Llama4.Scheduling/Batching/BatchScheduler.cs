using Llama4.Contracts;

namespace Llama4.Scheduling;

/// <summary>
/// Step 3: what runs next. Admits requests, mixes decodes with prefill chunks into steps under a token budget, gives out KV blocks
/// and takes them back, and ends sequences. It decides only: no clock, no waiting, no device; one caller at a time.
/// <para>The engine's loop: while <see cref="Next"/> gives a step, run it; hand its tokens to <see cref="Commit"/>, or a failed one to
/// <see cref="Abort"/>; pass on the emissions. Several steps are in flight at once, a sequence in at most one of them.</para>
/// <para>Progress: sequences have an order, that of their first admission. One that needs a KV block takes it from younger ones
/// (they are computed again later); while it waits for those in flight nobody younger is scheduled. So the oldest always advances, and
/// everybody becomes the oldest.</para>
/// </summary>
public sealed class BatchScheduler
{
    private readonly SchedulerLimits _limits;
    private readonly KvMemory _memory;
    private readonly FairQueue _queue = new();

    /// <summary>Accepted, but something they need is still being made.</summary>
    private readonly Dictionary<Guid, Sequence> _unready = [];
    private readonly Admitted _admitted;
    private readonly PrefixSharing _sharing;
    private readonly StepBuilder _builder = new();
    private readonly StepRows _rows;
    private readonly InFlightWindow<(StepPlan Plan, Sequence[] Sequences)> _inFlight;
    private readonly bool[] _busy;
    private long _lastSequence;
    private long _lastStep;
    private long _tokensGenerated;
    private long _promptTokens;
    private long _cachedTokens;

    /// <param name="limits">All bounds.</param>
    /// <param name="kv">The KV memory on every attention host.</param>
    /// <param name="policy">How many micro-batches; at most the limits' MicroBatchesMax are taken from it.</param>
    public BatchScheduler(SchedulerLimits limits, KvSizes kv, MicroBatchPolicy policy)
    {
        limits.Validate();
        _limits = limits;
        _memory = new KvMemory(kv);
        Policy = policy;
        _admitted = new Admitted(_memory, limits);
        _sharing = new PrefixSharing(_memory);
        _rows = new StepRows(limits, _memory, _admitted, _sharing, _builder);
        _inFlight = new(limits.MicroBatchesMax);
        _busy = new bool[limits.MicroBatchesMax];
        // The last token of a sequence is emitted but never computed, so a sequence may be one longer than the memory.
        TokensMax = (int)Math.Min(limits.ContextMax, _memory.PositionsMax + 1L);
    }

    /// <summary>Most tokens of a sequence, prompt and answer together: the context, or what the KV memory holds if that is less.</summary>
    public int TokensMax { get; }

    /// <summary>How many micro-batches; another one when rows take another way.</summary>
    public MicroBatchPolicy Policy { get; set; }

    /// <summary>Epoch of the placement plan that new steps are made for.</summary>
    public long Epoch { get; set; }

    /// <summary>Steps given out and neither committed nor aborted.</summary>
    public int StepsInFlight => _inFlight.Count;

    /// <summary>Running sequences: those that hold or are about to get KV blocks.</summary>
    public int Running => _admitted.Running.Count;

    private int Waiting => _queue.Count + _unready.Count;

    public EngineStatus Status => new(
        Running, Waiting + _admitted.Preempted.Count, _memory.BlocksHeld, _memory.Blocks, _tokensGenerated, _promptTokens, _cachedTokens);

    /// <summary>Takes a request in, or says at once why not. TokensMax beyond <see cref="TokensMax"/> is cut there.</summary>
    /// <param name="ready">False: it keeps its place among those that wait, but comes to no step before <see cref="Ready"/>.</param>
    /// <exception cref="ArgumentException">An empty prompt, TokensMax or PromptLogprobs below 0, or an id that is here already.</exception>
    public Submission Submit(GenerateRequest request, bool ready = true)
    {
        if (request.Prompt.Length == 0 || request.TokensMax < 0 || request.PromptLogprobs < 0)
        {
            throw new ArgumentException(
                $"Request {request.Id} has {request.Prompt.Length} prompt tokens, TokensMax {request.TokensMax} and PromptLogprobs {request.PromptLogprobs}; at least 1, 0 and 0 are expected.");
        }

        if (_queue.TryGet(request.Id, out _) || _admitted.TryGet(request.Id, out _) || _unready.ContainsKey(request.Id))
        {
            throw new ArgumentException($"Request {request.Id} is here already.");
        }

        if (request.Prompt.Length + Math.Min(1, request.TokensMax) > TokensMax)
        {
            return new Submission(new SubmitResult(SubmitStatus.ContextLengthExceeded, TooLong(request.Prompt.Length), TokensMax: TokensMax));
        }

        var tokensMax = (int)Math.Min((long)request.Prompt.Length + request.TokensMax, TokensMax);
        var sequence = new Sequence(_lastSequence + 1, request, tokensMax, _memory);
        if (sequence.Finished is { } finish)
        {
            return new Submission(SubmitResult.Accepted, ++_lastSequence, Emit(sequence, finish));
        }

        var fromCaller = _queue.CountOf(request.Caller) + _unready.Values.Count(unready => unready.Request.Caller == request.Caller);
        var isFull = sequence.IsRead
            ? Waiting >= _limits.WaitingMax
            : Waiting >= _limits.QueueMax || (fromCaller >= _limits.QueuePerCallerMax && _limits.QueueMax - Waiting <= _limits.QueuePerCallerMax);
        if (isFull)
        {
            return new Submission(new SubmitResult(
                SubmitStatus.QueueFull,
                $"{Waiting} of {_limits.QueueMax} requests are waiting, {fromCaller} of them from this caller; the last {_limits.QueuePerCallerMax} places are for callers with fewer than that.",
                RetryAfterSeconds: _limits.RetryAfterSeconds));
        }

        _lastSequence++;
        if (ready)
        {
            _queue.Add(sequence);
        }
        else
        {
            _unready.Add(request.Id, sequence);
        }

        return new Submission(SubmitResult.Accepted, sequence.Number);
    }

    /// <summary>What a request waited for is there. Without effect for one that is not here (any more) or was ready before.</summary>
    public void Ready(Guid request)
    {
        if (_unready.Remove(request, out var sequence))
        {
            _queue.Add(sequence);
        }
    }

    /// <summary>What a request waited for cannot be had: it ends with an error. Null for one that is not here (any more) or was ready before.</summary>
    public Emission? Fail(Guid request) => _unready.Remove(request, out var sequence) ? Emit(sequence, FinishReason.Error) : null;

    /// <summary>The next step to run, or null when there is nothing to do before a step in flight ends or a request comes.</summary>
    public StepPlan? Next()
    {
        _admitted.Admit(_queue, _sharing);
        var lanes = Math.Min(Policy.Count(Running), _limits.MicroBatchesMax);
        _admitted.Lanes.Balance(lanes, _admitted.Running);
        if (_inFlight.Count >= lanes)
        {
            return null;
        }

        Array.Clear(_busy);
        foreach (var (_, (plan, _)) in _inFlight.Entries)
        {
            _busy[plan.MicroBatch] = true;
        }

        for (var lane = _admitted.Lanes.Next(_busy); lane >= 0; lane = _admitted.Lanes.Next(_busy))
        {
            _busy[lane] = true;
            _cachedTokens += _rows.Fill(lane, lanes, _lastStep + 1);
            if (_builder.Slices > 0)
            {
                var plan = _builder.Build(Epoch, ++_lastStep, _inFlight.Numbers(), lane, lanes, out var sequences);
                _inFlight.Add(plan.Step, (plan, sequences));
                _admitted.Lanes.Planned(lane, plan.Step);
                return plan;
            }
        }

        return null;
    }

    /// <summary>A step was done: its keys and values are written and these tokens were drawn. Nobody may read the step's arrays any more.</summary>
    /// <param name="tokens">[step.LogitRows.Length] one for each, in order; negative where none could be drawn, which ends the sequence with an error.</param>
    /// <returns>One for each sequence with logit rows, in order, unless it was cancelled; and the ends of cancelled sequences.</returns>
    public IReadOnlyList<Emission> Commit(StepPlan step, ReadOnlySpan<int> tokens)
    {
        if (tokens.Length != step.LogitRows.Length)
        {
            throw new ArgumentException($"Step {step.Step} has {step.LogitRows.Length} logit rows, {tokens.Length} tokens came.");
        }

        var sequences = TakeOut(step);
        var emissions = new List<Emission>(tokens.Length);
        var logits = 0;
        for (var i = 0; i < sequences.Length; i++)
        {
            var sequence = sequences[i];
            var slice = step.Slices[i];
            var forced = logits;
            logits += slice.LogitRows;
            var row = slice.Samples ? logits - 1 : -1;
            sequence.Step = null;
            sequence.Replays = 0;
            _promptTokens += Math.Max(0, Math.Min(slice.FirstPosition + slice.Rows, sequence.Request.Prompt.Length) - slice.FirstPosition);
            sequence.AdvanceTo(slice.FirstPosition + slice.Rows);
            if (sequence.Cancelled)
            {
                emissions.Add(End(sequence, FinishReason.Cancelled));
            }
            else if (slice.Samples && tokens[row] < 0)
            {
                emissions.Add(End(sequence, FinishReason.Error) with { LogitRow = row });
            }
            else if (slice.LogitRows > 0)
            {
                var prompt = slice.Forced > 0 ? new ForcedTokens(forced, sequence.Report(slice), slice.Forced) : default;
                var emission = slice.Samples ? Generate(sequence, row, tokens[row]) : Emit(sequence, sequence.Finished);
                emissions.Add(emission with { Forced = prompt });
                if (emission.Finish is not null)
                {
                    Forget(sequence);
                }
            }
        }

        _builder.Recycle(step);
        return emissions;
    }

    /// <summary>A step failed or was refused. With Replay its sequences do the same positions again, up to ReplaysMax times in a row; with HostLost as often as it takes.</summary>
    /// <returns>The sequences that end by it.</returns>
    public IReadOnlyList<Emission> Abort(StepPlan step, StepFailure failure)
    {
        var emissions = new List<Emission>();
        foreach (var sequence in TakeOut(step))
        {
            sequence.Step = null;
            sequence.Replays += failure == StepFailure.HostLost ? 0 : 1;
            if (sequence.Cancelled)
            {
                emissions.Add(End(sequence, FinishReason.Cancelled));
            }
            else if (failure == StepFailure.End || sequence.Replays > _limits.ReplaysMax)
            {
                emissions.Add(End(sequence, FinishReason.Error));
            }
        }

        return emissions;
    }

    /// <summary>
    /// Ends a request: at once if no step in flight has it, and then the end is returned; else with that step, and its token is dropped.
    /// Null also for an id that is not here: it may just have ended.
    /// </summary>
    public Emission? Cancel(Guid request)
    {
        if (_unready.Remove(request, out var sequence))
        {
            return Emit(sequence, FinishReason.Cancelled);
        }

        if (_queue.TryGet(request, out sequence))
        {
            _queue.Remove(sequence!);
            return Emit(sequence!, FinishReason.Cancelled);
        }

        if (!_admitted.TryGet(request, out sequence))
        {
            return null;
        }

        if (sequence!.Step is not null)
        {
            sequence.Cancelled = true;
            return null;
        }

        return End(sequence, FinishReason.Cancelled);
    }

    /// <summary>The complete KV blocks that can be found, held or cached, those first that most is lost with.</summary>
    public List<NamedBlock> NamedBlocks => _memory.NamedBlocks();

    /// <summary>
    /// Attention hosts have lost their memory but for some blocks: every running sequence is preempted, and goes on from what is still cached when it comes back.
    /// </summary>
    /// <param name="kept">Of these, the ones that still are what they were.</param>
    /// <exception cref="InvalidOperationException">Steps are in flight: abort them first.</exception>
    public void DropKv(IReadOnlyCollection<NamedBlock> kept)
    {
        var named = NamedBlocks.ToHashSet();
        TakeOver([.. kept.Where(named.Contains)]);
    }

    /// <summary>As <see cref="DropKv"/>, where another engine has told what its attention hosts hold.</summary>
    /// <param name="contents">Those first that most is lost with.</param>
    /// <exception cref="InvalidOperationException">Steps are in flight: abort them first.</exception>
    public void TakeOver(IReadOnlyCollection<NamedBlock> contents)
    {
        if (_inFlight.Count > 0)
        {
            throw new InvalidOperationException($"{_inFlight.Count} steps are in flight: abort them before their KV memory is dropped.");
        }

        while (_admitted.Running.Count > 0)
        {
            _admitted.Preempt(_admitted.Running[^1]);
        }

        _memory.Restart(contents);
    }

    /// <summary>What the sampler needs for the next token of a sequence of a step in flight.</summary>
    public SequenceView View(long sequence)
    {
        var found = _admitted[sequence];
        var tokens = found.TokensBefore(found.Count);
        var prompt = found.Request.Prompt.Length;
        return new SequenceView(found.Request, tokens[..prompt], tokens[prompt..]);
    }

    /// <summary>Throws when a block is leaked or owned twice, or a bound is broken. For tests: O(blocks).</summary>
    public void CheckIntegrity()
    {
        _admitted.CheckIntegrity();
        if (Waiting > _limits.WaitingMax)
        {
            throw new InvalidOperationException($"{Waiting} requests wait, the bound is {_limits.WaitingMax}.");
        }
    }

    private Emission Generate(Sequence sequence, int row, int token)
    {
        sequence.Append(token);
        _tokensGenerated++;
        _queue.Charge(sequence);
        return Emit(sequence, sequence.Finished) with { LogitRow = row, Index = sequence.OutputCount - 1, Token = token };
    }

    private Sequence[] TakeOut(StepPlan step)
    {
        if (!_inFlight.TryRemove(step.Step, out var entry))
        {
            throw new InvalidOperationException($"Step {step.Step} is not in flight.");
        }

        _sharing.Computed(step.Step);
        return entry.Sequences;
    }

    private Emission End(Sequence sequence, FinishReason reason)
    {
        Forget(sequence);
        return Emit(sequence, reason);
    }

    private void Forget(Sequence sequence)
    {
        _admitted.Remove(sequence);
        _queue.Ended(sequence);
    }

    private static Emission Emit(Sequence sequence, FinishReason? finish) => new(
        sequence.Request.Id, sequence.Number, -1, sequence.OutputCount, null, finish, sequence.CachedTokens);

    private string TooLong(int prompt) => TokensMax < _limits.ContextMax
        ? $"The prompt has {prompt} tokens; prompt and answer together may have {TokensMax}, which is what the KV memory holds: "
            + $"{_memory.Full.Pool.Blocks} full and {_memory.Chunked.Pool.Blocks} chunked blocks of {_memory.Full.Layout.BlockPositions} positions."
        : $"The prompt has {prompt} tokens; prompt and answer together may have {TokensMax}, the model's context.";
}
