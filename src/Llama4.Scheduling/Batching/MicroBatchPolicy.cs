using System.Numerics;
using Llama4.Contracts;

namespace Llama4.Scheduling;

/// <summary>
/// How many micro-batches are in flight. Two a stage let attention and expert owners work at the same time, and are the default with more
/// than one sequence. Whether they pay is measured: on one device two halves of a batch read the weights twice and hide nothing;
/// with slow links more may hide more. The policy measures its choice, then a neighbour of it, under the same load (the same
/// power of two of sequences, decode steps only), and moves when the neighbour takes at least 5% less time a row; after a move it
/// tries the next one in the same direction at once. With experts on other hosts it never goes below two a stage, with several stages never below one
/// each. It reads no clock: the engine feeds it times.
/// </summary>
public sealed class MicroBatchPolicy
{
    /// <summary>
    /// Decode steps a measurement takes at least: at a noise of 10% a step, its mean is known to 2%. Whole rounds of all micro-batches, which may come in bursts.
    /// </summary>
    public const int WindowSteps = 32;

    /// <summary>Least steps not measured after a change, while the old micro-batches drain and caches settle.</summary>
    public const int SkippedSteps = 8;

    /// <summary>Steps from the end of one trial to the next; at most 40 in 1,064 steps run with a worse choice.</summary>
    public const int RestSteps = 1024;

    /// <summary>What a neighbour must save to be taken: more than the noise of a window, so that it does not swing.</summary>
    public const double Margin = 0.05;

    /// <summary>
    /// Most a stage. A micro-batch is on its way for attention A, experts E and two links T a layer: (A + E + 2T) / max(A, E) of them keep the busier side at work,
    /// which is less than 4 while T is less than A. More of them would only wait, and each holds its tensors.
    /// </summary>
    public const int PerStageMax = 4;

    private readonly int _most;
    private readonly int _start;

    /// <summary>By power of two of sequences. A load that comes and goes is measured piece by piece: answers may be shorter than a trial.</summary>
    private readonly MicroBatchTrial?[] _trials = new MicroBatchTrial?[32];
    private int _load = -1;

    /// <param name="most">Most micro-batches in flight.</param>
    /// <param name="remoteExperts">Whether some owner of experts is on another host than the attention.</param>
    /// <param name="stages">Hosts that the layers' attention is cut over.</param>
    public MicroBatchPolicy(int most, bool remoteExperts = false, int stages = 1)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(most, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(stages, 1);
        _most = Math.Min(most, PerStageMax * stages);
        _start = Math.Min(2 * stages, _most);
        Least = remoteExperts ? _start : Math.Min(stages, _most);
    }

    /// <summary>The lower bound, with as many sequences: two a stage with remote experts, else one.</summary>
    public int Least { get; }

    /// <summary>Micro-batches for so many running sequences: never more than there are sequences.</summary>
    public int Count(int sequences) => sequences < 2 ? 1 : Math.Min(TrialOf(BitOperations.Log2((uint)sequences)).Count, sequences);

    /// <summary>A step was committed.</summary>
    /// <param name="step">Steps with prefill rows are not counted: their time says nothing about decode.</param>
    /// <param name="sequences">Running sequences.</param>
    /// <param name="seconds">Since the commit before it; only if steps were in flight all the while.</param>
    public void Observe(StepPlan step, int sequences, double seconds)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(seconds);
        if (sequences < 2 || _most == 1 || step.Rows != step.Slices.Length)
        {
            return;
        }

        var load = BitOperations.Log2((uint)sequences);
        var trial = TrialOf(load);
        if (load != _load)
        {
            _load = load;
            trial.Resume();
            return;
        }

        trial.Observe(step.Rows, sequences, seconds);
    }

    private MicroBatchTrial TrialOf(int load) => _trials[load] ??= new MicroBatchTrial(Least, _most, _start);
}
