using Llama4.Gateway.Keys;

namespace Llama4.Gateway.Tests.Keys;

public class BucketTests
{
    private readonly SetClock _clock = new();

    [Fact]
    public void Bucket_HoldsAMinutesWorthAndFillsEvenly()
    {
        var bucket = new Bucket(60, _clock);
        bucket.Take(60);
        bucket.Remaining.ShouldBe(0);
        bucket.Until(1).TotalSeconds.ShouldBe(1, tolerance: 1e-6); // doubles
        bucket.UntilFull.TotalSeconds.ShouldBe(60, tolerance: 1e-6);

        _clock.Advance(seconds: 30);
        bucket.Remaining.ShouldBe(30);
        bucket.Until(30).ShouldBe(TimeSpan.Zero);

        _clock.Advance(seconds: 3600);
        bucket.Remaining.ShouldBe(60);
    }

    [Fact]
    public void Bucket_Overdrawn_HasNothingUntilTheDebtIsPaid()
    {
        var bucket = new Bucket(600, _clock);
        bucket.Take(900);
        bucket.Remaining.ShouldBe(0);
        bucket.Until(1).TotalSeconds.ShouldBe(30.1, tolerance: 1e-6); // 301 at ten a second

        _clock.Advance(seconds: 31);
        bucket.Remaining.ShouldBe(10);
    }

    [Fact]
    public void Bucket_GivenBackMoreThanItHolds_IsFull()
    {
        var bucket = new Bucket(10, _clock);
        bucket.Take(5);
        bucket.Take(-500);
        bucket.Remaining.ShouldBe(10);
    }
}
