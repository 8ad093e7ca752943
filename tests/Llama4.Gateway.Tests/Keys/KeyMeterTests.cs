using CsCheck;
using Llama4.Gateway.Keys;
using Llama4.Gateway.Requests;

namespace Llama4.Gateway.Tests.Keys;

public class KeyMeterTests
{
    private readonly SetClock _clock = new();

    [Fact]
    public void Requests_BeyondTheLimit_AreToldWhenThereIsOneAgain()
    {
        var meter = new KeyMeter(new KeyLimits(RequestsPerMinute: 2), _clock);
        for (var i = 0; i < 2; i++)
        {
            meter.Enter();
            meter.Leave();
        }

        var refusal = Should.Throw<ApiError>(meter.Enter);
        refusal.Status.ShouldBe(429);
        refusal.RetryAfterSeconds.ShouldBe(30);
        _clock.Advance(seconds: 30);
        meter.Enter();
    }

    [Fact]
    public void Concurrent_BeyondTheLimit_IsRefusedAndTakesNoRequest()
    {
        var meter = new KeyMeter(new KeyLimits(RequestsPerMinute: 10, Concurrent: 1), _clock);
        meter.Enter();
        Should.Throw<ApiError>(meter.Enter).Status.ShouldBe(429);
        meter.Balance().Requests!.Value.Remaining.ShouldBe(9);

        meter.Leave();
        meter.Enter();
    }

    [Fact]
    public void Tokens_AreTakenAtSubmissionAndSettledAtTheEnd()
    {
        var meter = new KeyMeter(new KeyLimits(TokensPerMinute: 1000), _clock);
        meter.Reserve(100, 800, "prompt").ShouldBe(900);
        meter.Balance().Tokens!.Value.Remaining.ShouldBe(100);
        var refusal = Should.Throw<ApiError>(() => meter.Reserve(100, 100, "prompt"));
        refusal.Status.ShouldBe(429);
        refusal.RetryAfterSeconds.ShouldBe(6); // 100 of 1,000 a minute

        meter.Settle(reserved: 900, used: 50);
        meter.Balance().Tokens!.Value.Remaining.ShouldBe(950);
        meter.Reserve(100, 100, "prompt");
    }

    [Fact]
    public void Tokens_UsedBeyondWhatWasReserved_AreOwed()
    {
        var meter = new KeyMeter(new KeyLimits(TokensPerMinute: 1000), _clock);
        meter.Reserve(100, 400, "prompt");
        meter.Settle(reserved: 500, used: 1500);

        Should.Throw<ApiError>(() => meter.Reserve(1, 0, "prompt")).RetryAfterSeconds.ShouldBe(31); // 501 of 1,000 a minute
    }

    [Fact]
    public void Tokens_OfAnAnswerThatMayNeedMoreThanThereCanEverBe_AreAllThereAre()
    {
        var meter = new KeyMeter(new KeyLimits(TokensPerMinute: 1000), _clock);
        meter.Reserve(100, 4096, "prompt").ShouldBe(1000);
        meter.Settle(reserved: 1000, used: 110);
        Should.Throw<ApiError>(() => meter.Reserve(100, 4096, "prompt")).RetryAfterSeconds.ShouldBe(7); // 110 of 1,000 a minute

        _clock.Advance(seconds: 7);
        meter.Reserve(100, 4096, "prompt").ShouldBe(1000);
    }

    [Fact]
    public void Tokens_OfAPromptThatThereCanNeverBe_AreAMistakeAndNotToBeTriedAgain()
    {
        var refusal = Should.Throw<ApiError>(() => new KeyMeter(new KeyLimits(TokensPerMinute: 1000), _clock).Reserve(1000, 1, "messages"));
        refusal.Status.ShouldBe(400);
        refusal.Param.ShouldBe("messages");
        refusal.RetryAfterSeconds.ShouldBeNull();
    }

    [Fact]
    public void Meter_OverAnyRun_LetsNoMoreThroughThanABucketAndItsInflow() =>
        Gen.Select(Gen.Int[1, 500], Gen.Select(Gen.Double[0, 5], Gen.Int[1, 600], Gen.Double[0, 1.5]).Array[1, 200]).Sample((perMinute, asked) =>
        {
            var clock = new SetClock();
            var meter = new KeyMeter(new KeyLimits(TokensPerMinute: perMinute), clock);
            var (used, seconds, debtMax) = (0L, 0.0, 0L);
            foreach (var (pause, tokens, share) in asked)
            {
                clock.Advance(pause);
                seconds += pause;
                try
                {
                    var reserved = meter.Reserve(0, tokens, "prompt");
                    var really = (long)(tokens * share);
                    meter.Settle(reserved, really);
                    used += really;
                    debtMax = Math.Max(debtMax, really - reserved); // one at a time: at most the last one's excess is owed
                }
                catch (ApiError error) when (error.Status == 429)
                {
                    // nothing was taken
                }
            }

            used.ShouldBeLessThanOrEqualTo((long)Math.Ceiling(perMinute * (1 + (seconds / 60)) + 1e-6) + debtMax);
        });
}
