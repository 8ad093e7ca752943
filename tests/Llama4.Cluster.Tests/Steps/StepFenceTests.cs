using Llama4.Cluster.Steps;
using Llama4.Contracts;

namespace Llama4.Cluster.Tests.Steps;

public sealed class StepFenceTests
{
    private readonly StepFence _fence = new();

    [Fact]
    public void Steps_in_flight_pass_in_any_order()
    {
        _fence.Require(0, Step(1));
        _fence.Require(0, Step(3, 1, 2));
        _fence.Require(0, Step(2, 1));
        _fence.Require(0, Step(1));
    }

    [Fact]
    public void A_step_is_refused_once_one_came_whose_engine_does_not_wait_for_it()
    {
        _fence.Require(0, Step(4, 1, 2, 3));
        _fence.Require(0, Step(6, 5));

        Should.Throw<StaleStepException>(() => _fence.Require(0, Step(4, 1, 2, 3)));
        _fence.Require(0, Step(5, 3, 4));
        Should.Throw<StaleStepException>(() => _fence.Require(0, Step(4, 1, 2, 3)));
    }

    /// <summary>Of two micro-batches one is large and slow: the other's steps are given up meanwhile, and their blocks go to others.</summary>
    [Fact]
    public void A_step_that_was_given_up_is_refused_also_while_an_earlier_one_is_waited_for()
    {
        _fence.Require(0, Step(82));
        _fence.Require(0, Step(84, 82));

        Should.Throw<StaleStepException>(() => _fence.Require(0, Step(83, 82)));
        _fence.Require(0, Step(82));
    }

    [Fact]
    public void A_later_plan_counts_anew_and_refuses_what_was_made_for_an_earlier_one()
    {
        _fence.Require(0, Step(100));
        _fence.Require(0, Step(1) with { Epoch = 3 });

        Should.Throw<StaleStepException>(() => _fence.Require(0, Step(101)));
    }

    [Fact]
    public void Replicas_have_engines_of_their_own()
    {
        _fence.Require(0, Step(100));
        _fence.Require(1, Step(1));
    }

    private static StepPlan Step(long step, params long[] awaited) => new()
    {
        Epoch = 2, Step = step, Awaited = awaited, Slices = [], TokenIds = [], Positions = [], Chunked = new KvTables([], [], 0), Full = new KvTables([], [], 0), LogitRows = [],
    };
}
