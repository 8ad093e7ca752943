using Llama4.Cluster.Steps;
using Llama4.Contracts;

namespace Llama4.Cluster.Tests.Steps;

public sealed class StepFenceTests
{
    private readonly StepFence _fence = new();

    [Fact]
    public void Steps_in_flight_pass_in_any_order()
    {
        _fence.Require(0, Step(1, oldest: 1));
        _fence.Require(0, Step(3, oldest: 1));
        _fence.Require(0, Step(2, oldest: 1));
    }

    [Fact]
    public void A_step_is_refused_once_one_came_whose_engine_does_not_wait_for_it()
    {
        _fence.Require(0, Step(4, oldest: 1));
        _fence.Require(0, Step(6, oldest: 5));

        Should.Throw<StaleStepException>(() => _fence.Require(0, Step(4, oldest: 1)));
        _fence.Require(0, Step(5, oldest: 3));
        Should.Throw<StaleStepException>(() => _fence.Require(0, Step(4, oldest: 4)));
    }

    [Fact]
    public void A_later_plan_counts_anew_and_refuses_what_was_made_for_an_earlier_one()
    {
        _fence.Require(0, Step(100, oldest: 100));
        _fence.Require(0, Step(1, oldest: 1, epoch: 3));

        Should.Throw<StaleStepException>(() => _fence.Require(0, Step(101, oldest: 101)));
    }

    [Fact]
    public void Replicas_have_engines_of_their_own()
    {
        _fence.Require(0, Step(100, oldest: 100));
        _fence.Require(1, Step(1, oldest: 1));
    }

    private static StepPlan Step(long step, long oldest, long epoch = 2) => new()
    {
        Epoch = epoch, Step = step, OldestStep = oldest, Slices = [], TokenIds = [], Positions = [], Chunked = new KvTables([], [], 0), Full = new KvTables([], [], 0), LogitRows = [],
    };
}
