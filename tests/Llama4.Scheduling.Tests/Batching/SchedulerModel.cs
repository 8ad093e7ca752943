using Llama4.Contracts;
using Llama4.Scheduling;

namespace Llama4.Tests.Batching;

/// <summary>Plays engine and device for a scheduler: executes its steps on simulated KV blocks and checks all that it promises.</summary>
internal sealed class SchedulerModel
{
    private readonly KvSizes _sizes;
    private readonly SchedulerLimits _limits;
    private BatchScheduler _scheduler;
    private readonly Random _random;
    private int[,] _chunked;
    private int[,] _full;
    private readonly Dictionary<Guid, GenerateRequest> _open = [];
    private readonly Dictionary<Guid, List<int>> _outputs = [];
    private readonly Dictionary<Guid, int> _reported = [];
    private readonly Dictionary<long, GenerateRequest> _bySequence = [];
    private readonly List<StepPlan> _inFlight = [];
    private readonly List<string> _log = [];
    private MovingKv? _moving;
    private int _requests;

    public SchedulerModel(KvSizes sizes, SchedulerLimits limits, int seed)
    {
        (_sizes, _limits, _random) = (sizes, limits, new Random(seed));
        _scheduler = new BatchScheduler(limits, sizes, new MicroBatchPolicy(limits.MicroBatchesMax));
        _chunked = new int[sizes.ChunkedBlocks, sizes.BlockPositions];
        _full = new int[sizes.FullBlocks, sizes.BlockPositions];
    }

    /// <summary>Random operations, then steps until everything has ended; returns the log of decisions.</summary>
    public List<string> Run(int operations)
    {
        for (var i = 0; i < operations; i++)
        {
            if (_random.Next(4) == 0)
            {
                (_moving ??= new MovingKv(_scheduler, (_full, _chunked), _random)).Go();
            }

            switch (_random.Next(10))
            {
                case 0 or 1:
                    Submit();
                    break;
                case 2 when _open.Count > 0 && _random.Next(3) == 0:
                    Ended(_scheduler.Cancel(_open.Keys.ElementAt(_random.Next(_open.Count))));
                    break;
                case 3 when _inFlight.Count > 0:
                    Abort();
                    break;
                case < 7:
                    Plan();
                    break;
                default:
                    Commit();
                    break;
            }

            _scheduler.CheckIntegrity();
        }

        // Every sequence has at most 40 positions and at most 14 are open: far fewer steps unless somebody starves.
        for (var step = 0; _open.Count > 0; step++)
        {
            step.ShouldBeLessThan(5000, "somebody starves");
            while (Plan())
            {
            }

            _inFlight.ShouldNotBeEmpty($"{_open.Count} requests are open, no step is in flight and none is planned");
            Commit();
        }

        _scheduler.Status.KvBlocksUsed.ShouldBe(0);
        _scheduler.Status.Running.ShouldBe(0);
        _scheduler.Status.Waiting.ShouldBe(0);
        return _log;
    }

    private void Submit()
    {
        var id = new Guid(++_requests, 0, 0, new byte[8]);
        var request = new GenerateRequest
        {
            Id = id,
            // Few different prompts of few different tokens: many equal beginnings.
            Prompt = [.. Enumerable.Range(0, _random.Next(1, 30)).Select(i => i % 7 == 6 ? _random.Next(2) : 1)],
            Emitted = _random.Next(4) == 0 ? [5, 6] : [],
            TokensMax = _random.Next(20),
            PromptLogprobs = _random.Next(3) == 0 ? 1 : null,
            StopIds = [3],
            Caller = $"caller {_random.Next(3)}",
        };
        var submission = _scheduler.Submit(request);
        _log.Add($"submit {request.Prompt.Length} {submission.Result.Status}");
        if (submission.Result.Status != SubmitStatus.Accepted)
        {
            (submission.Result.Status == SubmitStatus.QueueFull || request.Prompt.Length + Math.Min(1, request.TokensMax) > submission.Result.TokensMax).ShouldBeTrue();
            return;
        }

        if (submission.Ended is null)
        {
            _open.Add(id, request);
            _outputs.Add(id, [.. request.Emitted]);
            _reported.Add(id, ReportedAtFirst(request));
            _bySequence.Add(submission.Sequence, request);
        }
    }

    private bool Plan()
    {
        if (_scheduler.Next() is not { } plan)
        {
            return false;
        }

        _log.Add($"step {plan.Step} [{string.Join(' ', plan.Slices.Select(s => $"{s.Sequence}:{s.FirstPosition}+{s.Rows}"))}]");
        plan.Rows.ShouldBeInRange(1, _limits.TokensPerStepMax);
        plan.LogitRows.Length.ShouldBeLessThanOrEqualTo(_limits.SequencesMax);
        plan.Slices.Select(slice => slice.Sequence).Concat(_inFlight.SelectMany(p => p.Slices.Select(s => s.Sequence))).ShouldBeUnique();
        _inFlight.Add(plan);
        _inFlight.Count.ShouldBeLessThanOrEqualTo(_limits.MicroBatchesMax);
        return true;
    }

    private void Commit()
    {
        if (_inFlight.Count == 0)
        {
            return;
        }

        var plan = Take();
        var tokens = new List<int>();
        foreach (var (slice, line) in plan.Slices.Select((slice, line) => (slice, line)))
        {
            slice.Rows.ShouldBeLessThanOrEqualTo(_limits.PrefillChunkMax);
            var request = _bySequence[slice.Sequence];
            int[] history = [.. request.Prompt, .. _outputs[request.Id]];
            var last = slice.FirstPosition + slice.Rows - 1;
            Write(plan, plan.Chunked, _chunked, line, history);
            Write(plan, plan.Full, _full, line, history);
            if (_sizes.ChunkPositions is { } chunk && _sizes.ChunkedBlocks > 0)
            {
                (last / chunk).ShouldBe(slice.FirstPosition / chunk, "a slice crosses a chunk's border");
            }

            for (var i = 0; i < slice.Forced; i++)
            {
                plan.LogitRows[tokens.Count].ShouldBe(slice.FirstRow + slice.FirstForced + i - slice.FirstPosition);
                tokens.Add(history[slice.FirstForced + i + 1]);
            }

            if (slice.Samples)
            {
                last.ShouldBe(history.Length - 1);
                plan.LogitRows.ShouldContain(slice.FirstRow + slice.Rows - 1);
                tokens.Add(NextToken(history));
            }
        }

        foreach (var emission in _scheduler.Commit(plan, [.. tokens]))
        {
            Report(plan, emission);
            if (emission.Token is { } token)
            {
                emission.Index.ShouldBe(_outputs[emission.Request].Count);
                token.ShouldBe(tokens[emission.LogitRow]);
                _outputs[emission.Request].Add(token);
            }

            Ended(emission.Finish is null ? null : emission);
        }
    }

    // Prompt tokens are told of each once, in order, from the logits of the row before, and all of them before the answer.
    private void Report(StepPlan plan, Emission emission)
    {
        if (emission.Forced is { Count: > 0 } forced)
        {
            var prompt = _bySequence[emission.Sequence].Prompt;
            forced.First.ShouldBe(_reported[emission.Request]);
            for (var i = 0; i < forced.Count; i++)
            {
                var row = plan.LogitRows[forced.LogitRow + i];
                plan.Slices.Single(slice => slice.FirstRow <= row && row < slice.FirstRow + slice.Rows).Sequence.ShouldBe(emission.Sequence);
                plan.Positions[row].ShouldBe(forced.First + i - 1);
                plan.TokenIds[row].ShouldBe(prompt[forced.First + i - 1]);
            }

            _reported[emission.Request] += forced.Count;
        }

        if (emission.Token is not null || emission.Finish is FinishReason.Length)
        {
            _reported[emission.Request].ShouldBe(_bySequence[emission.Sequence].Prompt.Length);
        }
    }

    private static int ReportedAtFirst(GenerateRequest request) =>
        request.PromptLogprobs is null || request.Emitted.Length > 0 ? request.Prompt.Length : 1;

    // What a block holds is a hash of the tokens up to that position: then all keys a row attends to must be its own history's.
    private void Write(StepPlan plan, KvTables tables, int[,] blocks, int line, int[] history)
    {
        var slice = plan.Slices[line];
        if (blocks.Length == 0)
        {
            tables.Width.ShouldBe(0);
            return;
        }

        for (var row = slice.FirstRow; row < slice.FirstRow + slice.Rows; row++)
        {
            var position = slice.FirstPosition + row - slice.FirstRow;
            plan.Positions[row].ShouldBe(position);
            plan.TokenIds[row].ShouldBe(history[position]);
            tables.RowSlots[2 * row].ShouldBe(line);
            var key = tables.RowSlots[2 * row + 1];
            var covers = ReferenceEquals(blocks, _chunked) && _sizes.ChunkPositions is { } chunk ? position - position % chunk : 0;
            key.ShouldBe(position - covers);
            for (var k = 0; k <= key; k++)
            {
                var block = tables.BlockTables[line * tables.Width + k / _sizes.BlockPositions];
                ref var cell = ref blocks[block, k % _sizes.BlockPositions];
                var content = Content(history, covers + k);
                if (k == key)
                {
                    cell = content;
                }

                cell.ShouldBe(content, $"key {k} of position {position}");
            }
        }
    }

    private void Abort()
    {
        var plan = Take();
        foreach (var emission in _scheduler.Abort(plan, _random.Next(8) == 0 ? StepFailure.End : StepFailure.Replay))
        {
            Ended(emission);
        }

        if (_inFlight.Count == 0 && _random.Next(3) == 0)
        {
            Switch();
        }
    }

    // Attention hosts change, and sometimes the engine's: what was moved is kept, all else is lost.
    private void Switch()
    {
        var kept = _moving?.Kept() ?? [];
        (_full, _chunked) = _moving?.After ?? (new int[_sizes.FullBlocks, _sizes.BlockPositions], new int[_sizes.ChunkedBlocks, _sizes.BlockPositions]);
        _moving = null;
        _log.Add($"keep {kept.Count}");
        if (_random.Next(2) == 0)
        {
            _scheduler.DropKv(kept);
            return;
        }

        _scheduler = new BatchScheduler(_limits, _sizes, new MicroBatchPolicy(_limits.MicroBatchesMax));
        _scheduler.TakeOver(kept);
        _bySequence.Clear();
        foreach (var (id, request) in _open.ToList())
        {
            var submission = _scheduler.Submit(request with { Emitted = [.. _outputs[id]], PromptReported = _reported[id] });
            if (submission.Result.Status == SubmitStatus.Accepted && submission.Ended is null)
            {
                _bySequence.Add(submission.Sequence, request);
            }
            else
            {
                _open.Remove(id);
            }
        }
    }

    private StepPlan Take()
    {
        var at = _random.Next(_inFlight.Count);
        var plan = _inFlight[at];
        _inFlight.RemoveAt(at);
        return plan;
    }

    private void Ended(Emission? emission)
    {
        if (emission is { } end)
        {
            _open.Remove(end.Request, out var request).ShouldBeTrue("a request ended twice");
            _log.Add($"end {end.Sequence} {end.Finish}");
            var outputs = _outputs[end.Request];
            if (end.Finish == FinishReason.Length)
            {
                outputs.Count.ShouldBe(Math.Min(request!.TokensMax, _scheduler.TokensMax - request.Prompt.Length));
            }
            else if (end.Finish == FinishReason.Stop)
            {
                outputs[^1].ShouldBe(3);
            }
        }
    }

    private static int NextToken(int[] history) => (Content(history, history.Length - 1) & 0x7FFFFFFF) % 9;

    private static int Content(int[] history, int position)
    {
        var hash = 17;
        for (var i = 0; i <= position; i++)
        {
            hash = unchecked(hash * 31 + history[i] + 1);
        }

        return hash == 0 ? 1 : hash;
    }
}
