using Llama4.Client.Tokens;
using Llama4.Contracts;

namespace Llama4.Cluster.Tests.Client;

public class HedgedSubmissionTests
{
    private static readonly Task<SubmitResult> Accepted = Task.FromResult(SubmitResult.Accepted);
    private static readonly Task<SubmitResult> Failed = Task.FromException<SubmitResult>(new InvalidOperationException("refused"));
    private static readonly Task<SubmitResult> Silent = new TaskCompletionSource<SubmitResult>().Task;

    private int _ways;
    private int _avoided;

    [Fact]
    public async Task WithoutAnAnswer_AnotherWayIsTakenToo()
    {
        (await RunAsync(Silent, Accepted)).Status.ShouldBe(SubmitStatus.Accepted);

        (_ways, _avoided).ShouldBe((2, 1));
    }

    [Fact]
    public async Task FailureOfOneWay_LeavesTheOthers()
    {
        var first = new TaskCompletionSource<SubmitResult>();

        var result = RunAsync([first.Task, Failed, Silent], third: () => first.SetResult(SubmitResult.Accepted));

        (await result).Status.ShouldBe(SubmitStatus.Accepted);
        _ways.ShouldBe(3);
    }

    [Fact]
    public async Task FailureOfTheOnlyWay_IsTold()
    {
        (await Should.ThrowAsync<InvalidOperationException>(RunAsync(Failed))).Message.ShouldBe("refused");

        _ways.ShouldBe(1);
    }

    [Fact]
    public async Task NoAnswerAtAll_EndsWithinTheLimit()
    {
        await Should.ThrowAsync<TimeoutException>(RunAsync(Silent, Silent, Silent));

        _ways.ShouldBeInRange(1, HedgedSubmission.Most);
        _avoided.ShouldBe(_ways - 1);
    }

    private Task<SubmitResult> RunAsync(params Task<SubmitResult>[] answers) => RunAsync(answers, () => { });

    /// <param name="third">When the third way is taken.</param>
    private Task<SubmitResult> RunAsync(Task<SubmitResult>[] answers, Action third) => HedgedSubmission.RunAsync(
        () =>
        {
            if (++_ways == HedgedSubmission.Most)
                third();
            return answers[_ways - 1];
        },
        () => _avoided++, new SetClock(), CancellationToken.None);
}
