using ControlNetSharp.Training;
using Xunit;

namespace ControlNetSharp.Tests.Training;

public class ConvergenceTests
{
    [Fact]
    public void Add_OfASuddenRise_ShowsConvergenceAtTheSecondValidation_WithTheStepOfTheFirst()
    {
        var convergence = new Convergence([]) { Floor = 0.1 };
        Assert.False(convergence.Add(500, 0.11));
        Assert.False(convergence.Add(1000, 0.12));
        Assert.False(convergence.Add(1500, 0.6));
        Assert.Null(convergence.Step);
        Assert.True(convergence.Add(2000, 0.65));
        Assert.Equal(1500, convergence.Step);
        Assert.False(convergence.Add(2500, 0.7));
        Assert.Equal((0.7, 0.7), (convergence.Best, convergence.Newest));
    }

    [Fact]
    public void Add_OfOneLuckyValidation_ShowsNothing()
    {
        var convergence = new Convergence([]) { Floor = 0.1 };
        Assert.False(convergence.Add(500, 0.6));
        Assert.False(convergence.Add(1000, 0.1));
        Assert.False(convergence.Add(1500, 0.6));
        Assert.Null(convergence.Step);
    }

    [Fact]
    public void IsOver_WhenItConvergedAndRisesNoMore_AlsoAfterAResume()
    {
        var notes = new Dictionary<string, string>();
        var convergence = new Convergence(notes) { Floor = 0 };
        convergence.Add(1, 0.8);
        convergence.Add(2, 0.8);
        for (var step = 3; step < 7; step++)
        {
            convergence = new Convergence(notes);
            convergence.Add(step, 0.79);
            Assert.False(convergence.IsOver);
        }

        new Convergence(notes).Add(7, 0.805);
        Assert.True(new Convergence(notes).IsOver);
        new Convergence(notes).Add(8, 0.9);
        Assert.False(new Convergence(notes).IsOver);
    }
}
