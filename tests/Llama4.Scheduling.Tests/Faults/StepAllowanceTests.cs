using Llama4.Scheduling;

namespace Llama4.Scheduling.Tests.Faults;

public sealed class StepAllowanceTests
{
    private static readonly TimeSpan Millisecond = TimeSpan.FromMilliseconds(1);

    [Fact]
    public void Nothing_is_known_at_first()
    {
        var allowance = new StepAllowance();

        allowance.For(1).ShouldBe(StepAllowance.Unknown);
        allowance.For(512).ShouldBe(StepAllowance.Unknown);
    }

    [Fact]
    public void Eight_times_the_longest_of_about_as_many_rows()
    {
        var allowance = new StepAllowance();
        allowance.Observe(64, 100 * Millisecond);
        allowance.Observe(64, 90 * Millisecond);

        allowance.For(64).TotalMilliseconds.ShouldBeInRange(780, 800);
        allowance.For(127).ShouldBe(allowance.For(64));
    }

    [Fact]
    public void Fewer_rows_have_the_time_of_more_and_more_rows_have_it_in_proportion()
    {
        var allowance = new StepAllowance();
        allowance.Observe(64, 100 * Millisecond);

        allowance.For(1).ShouldBe(800 * Millisecond);
        allowance.For(512).ShouldBe(6400 * Millisecond);
    }

    [Fact]
    public void A_moment_in_which_the_process_was_not_scheduled_is_allowed_and_ten_minutes_are_the_most()
    {
        var allowance = new StepAllowance();
        allowance.Observe(1, Millisecond);
        allowance.For(1).ShouldBe(StepAllowance.Least);

        allowance.Observe(512, TimeSpan.FromMinutes(9));
        allowance.For(512).ShouldBe(StepAllowance.Most);
    }

    [Fact]
    public void What_was_given_up_is_given_twice_the_time_until_it_is_done()
    {
        var allowance = new StepAllowance();
        allowance.Expired(allowance.Round);
        allowance.For(1).ShouldBe(2 * StepAllowance.Unknown);

        allowance.Observe(1, 100 * Millisecond);
        allowance.For(1).ShouldBe(800 * Millisecond);
        allowance.Expired(allowance.Round);
        allowance.Expired(allowance.Round);
        allowance.For(1).ShouldBe(3200 * Millisecond);
        allowance.Observe(1, 100 * Millisecond);
        allowance.For(1).ShouldBe(1600 * Millisecond);
    }

    [Fact]
    public void Steps_that_were_sent_together_are_one_when_they_are_given_up()
    {
        var allowance = new StepAllowance();
        allowance.Observe(1, 100 * Millisecond);
        var sent = allowance.Round;
        allowance.Expired(sent);
        allowance.Expired(sent);
        allowance.For(1).ShouldBe(1600 * Millisecond);

        allowance.Expired(allowance.Round);
        allowance.Expired(sent);
        allowance.For(1).ShouldBe(3200 * Millisecond);
    }

    [Fact]
    public void Eight_in_a_row_are_enough()
    {
        var allowance = new StepAllowance();
        for (var i = 0; i < 7; i++)
            allowance.Expired(allowance.Round);
        allowance.IsExhausted.ShouldBeFalse();
        allowance.Expired(allowance.Round);
        allowance.IsExhausted.ShouldBeTrue();

        allowance.Observe(1, Millisecond);
        allowance.IsExhausted.ShouldBeFalse();
    }

    /// <summary>Two micro-batches in flight: else four rounds were eight, and a cluster that waits for a host to come back had ended its answers in four seconds.</summary>
    [Fact]
    public void Eight_rounds_of_several_that_were_sent_together_are_enough()
    {
        var allowance = new StepAllowance();
        allowance.Observe(1, Millisecond);
        var waited = TimeSpan.Zero;
        for (var round = 0; round < 7; round++)
        {
            waited += allowance.For(1);
            var sent = allowance.Round;
            allowance.Expired(sent);
            allowance.Expired(sent);
            allowance.IsExhausted.ShouldBeFalse();
        }

        waited.ShouldBe(127 * StepAllowance.Least);
        allowance.For(1).ShouldBe(64 * StepAllowance.Least);
        allowance.Expired(allowance.Round);
        allowance.IsExhausted.ShouldBeTrue();
    }

    [Fact]
    public void One_slow_step_counts_as_twice_the_longest()
    {
        var allowance = new StepAllowance();
        allowance.Observe(1, 100 * Millisecond);
        allowance.Observe(1, 800 * Millisecond);

        allowance.For(1).ShouldBe(1600 * Millisecond);
    }

    [Fact]
    public void The_first_of_few_rows_counts_as_twice_those_of_more()
    {
        var allowance = new StepAllowance();
        allowance.Observe(64, 100 * Millisecond);
        allowance.Observe(4, 800 * Millisecond);

        allowance.For(4).ShouldBe(1600 * Millisecond);
    }

    [Fact]
    public void Slow_steps_in_a_row_are_learnt()
    {
        var allowance = new StepAllowance();
        allowance.Observe(1, 100 * Millisecond);
        for (var i = 0; i < 3; i++)
            allowance.Observe(1, 800 * Millisecond);

        allowance.For(1).ShouldBe(6400 * Millisecond);
    }

    [Fact]
    public void A_cluster_that_became_a_hundred_times_slower_is_learnt_without_giving_up_again_what_was_done()
    {
        var allowance = new StepAllowance();
        allowance.Observe(1, 10 * Millisecond);
        while (allowance.For(1) < 1000 * Millisecond)
            allowance.Expired(allowance.Round);
        for (var i = 0; i < 50; i++)
        {
            allowance.For(1).ShouldBeGreaterThanOrEqualTo(1000 * Millisecond);
            allowance.Observe(1, 1000 * Millisecond);
        }

        allowance.For(1).ShouldBe(8000 * Millisecond);
    }

    [Fact]
    public void A_step_in_which_a_host_became_suspected_teaches_nothing()
    {
        var allowance = new StepAllowance();
        allowance.Observe(1, 800 * Millisecond, isDisturbed: true);
        allowance.For(1).ShouldBe(StepAllowance.Unknown);

        allowance.Observe(1, 100 * Millisecond);
        allowance.Expired(allowance.Round);
        allowance.Observe(1, 800 * Millisecond, isDisturbed: true);
        allowance.For(1).ShouldBe(800 * Millisecond);
        allowance.IsExhausted.ShouldBeFalse();
    }

    [Fact]
    public void The_longest_is_forgotten()
    {
        var allowance = new StepAllowance();
        allowance.Observe(1, TimeSpan.FromSeconds(10));
        for (var i = 0; i < 400; i++)
            allowance.Observe(1, 100 * Millisecond);

        allowance.For(1).ShouldBe(800 * Millisecond);
    }
}
