using Llama4.Client.Tokens;
using Llama4.Contracts;

namespace Llama4.Cluster.Tests.Client;

public class PollsUnderWayTests
{
    private readonly SetClock _clock = new();
    private readonly PollsUnderWay _polls;
    private readonly List<TaskCompletionSource<EngineAnswer>> _asked = [];

    public PollsUnderWayTests() => _polls = new PollsUnderWay(_clock);

    [Fact]
    public void LatePoll_GetsOthersBesideIt()
    {
        _polls.DueIn.ShouldBe(TimeSpan.Zero);
        Ask();
        _polls.DueIn.ShouldBe(PollsUnderWay.HedgeAfter);

        _clock.Advance(PollsUnderWay.HedgeAfter);
        _polls.DueIn.ShouldBe(TimeSpan.Zero);
        Ask();

        _polls.Count.ShouldBe(2);
        _polls.DueIn.ShouldBe(PollsUnderWay.HedgeAgainAfter);
    }

    /// <summary>However long nothing is answered.</summary>
    [Fact]
    public void FrozenEngine_HasABoundedNumber()
    {
        var asked = 0;
        for (var ms = 0; ms < 60_000; ms += 10)
        {
            if (_polls.DueIn == TimeSpan.Zero)
            {
                Ask();
                asked++;
            }
            _polls.Count.ShouldBeLessThanOrEqualTo(PollsUnderWay.Most);
            _clock.Advance(TimeSpan.FromMilliseconds(10));
        }
        asked.ShouldBeInRange(60, 60 * 1000 * PollsUnderWay.Most / (int)PollsUnderWay.KeptFor.TotalMilliseconds);
    }

    /// <summary>Each round trip takes longer than until the next poll.</summary>
    [Fact]
    public async Task SlowRoundTrips_AreAllHeard()
    {
        Ask();
        _clock.Advance(PollsUnderWay.HedgeAfter);
        Ask();
        _clock.Advance(PollsUnderWay.HedgeAfter);

        for (var number = 1; number <= 10; number++)
        {
            _asked[number - 1].SetResult(Answer(number));
            var ended = (await NextAsync()).ShouldNotBeNull();
            ended.Number.ShouldBe(number);
            ended.IsOvertaken.ShouldBeFalse();
            (await ended.Answer).Last.ShouldBe(number);
            _polls.DueIn.ShouldBe(TimeSpan.Zero, "the other one is late too");
            Ask();
            _clock.Advance(PollsUnderWay.HedgeAfter);
        }
    }

    [Fact]
    public async Task AnswerToAnEarlierPoll_IsOvertaken()
    {
        Ask();
        _clock.Advance(PollsUnderWay.HedgeAfter);
        Ask();

        _asked[1].SetResult(Answer(5));
        (await NextAsync()).ShouldNotBeNull().IsOvertaken.ShouldBeFalse();
        _polls.DueIn.ShouldBe(TimeSpan.Zero, "the earlier one may be lost");
        _asked[0].SetResult(Answer(3));

        (await NextAsync()).ShouldNotBeNull().IsOvertaken.ShouldBeTrue();
    }

    [Fact]
    public async Task FailedPoll_IsAskedAgainAtOnce()
    {
        Ask();
        _clock.Advance(PollsUnderWay.HedgeAfter);
        Ask();
        _asked[1].SetException(new TimeoutException());

        (await NextAsync()).ShouldNotBeNull().Answer.IsFaulted.ShouldBeTrue();

        _polls.Count.ShouldBe(1);
        _polls.DueIn.ShouldBe(TimeSpan.Zero);
    }

    [Fact]
    public async Task ChangedPlan_EndsTheWait()
    {
        Ask();

        (await _polls.NextAsync(Task.CompletedTask, CancellationToken.None)).ShouldBeNull();
        _polls.Count.ShouldBe(1);
    }

    private static EngineAnswer Answer(long last) => new(EngineState.Serving, last, []);

    private Task<EndedPoll?> NextAsync() => _polls.NextAsync(new TaskCompletionSource().Task, CancellationToken.None);

    private void Ask()
    {
        _asked.Add(new TaskCompletionSource<EngineAnswer>());
        _polls.Add(_asked.Count, _asked[^1].Task);
    }
}
